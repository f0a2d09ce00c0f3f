# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the account has, as EC2 says: one line each, the same line for the same thing."""

from __future__ import annotations

import boto3


def lines() -> list[str]:
    """Instances, volumes, security groups, key pairs, placement groups, images and networks."""
    ec2 = boto3.client("ec2")
    found = []
    for reservation in ec2.describe_instances()["Reservations"]:
        for i in reservation["Instances"]:
            if i["State"]["Name"] != "terminated":
                name = {tag["Key"]: tag["Value"] for tag in i["Tags"]}["Name"]
                address = i["PrivateIpAddress"]
                found.append(f"instance {name} {i['State']['Name']} {address} {i['InstanceId']}")
    for v in ec2.describe_volumes()["Volumes"]:
        tags = {tag["Key"]: tag["Value"] for tag in v.get("Tags", [])}
        device = tags.get("clustered-storage:device")
        if device:
            where = f"{tags['clustered-storage:machine']} {device}"
            found.append(f"volume {where} {v['State']} {v['VolumeId']}")
    groups = ec2.describe_security_groups()["SecurityGroups"]
    found += [f"group {g['GroupName']}" for g in groups if g["GroupName"] != "default"]
    found += [f"key {k['KeyName']}" for k in ec2.describe_key_pairs()["KeyPairs"]]
    places = ec2.describe_placement_groups()["PlacementGroups"]
    found += [f"placement {p['GroupName']}" for p in places]
    images = ec2.describe_images(Owners=["self"])["Images"]
    found += [f"image {image['Name']} {image['ImageId']}" for image in images]
    vpcs = ec2.describe_vpcs()["Vpcs"]
    found += [f"vpc {vpc['CidrBlock']}" for vpc in vpcs if not vpc["IsDefault"]]
    return sorted(found)


if __name__ == "__main__":
    print("\n".join(lines()))
