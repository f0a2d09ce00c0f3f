# Everything a contributor runs. `make` alone lists it. Each line after ## is the help.

SCENARIO ?=
TESTS ?=
CLIENTS ?= 1
LAB ?= containers
ifeq ($(LAB),machines)
NODES ?= 2
endif
NODES ?= 4

# The tools of .venv, this checkout's collection and configuration: whatever the caller's own settings say.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections
ifdef DISTRO
export LAB_IMAGE := clustered-storage/lab:$(DISTRO)
endif
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help health setup lint unit sanity integration molecule molecule-machines test docs-check lab-up lab-up-containers lab-up-ec2 lab-up-machines lab-down lab-down-containers lab-down-ec2 lab-down-machines lab-image demo demo-down benchmark clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with everything pinned (quick when nothing changed; PYTHON=python3.12 to choose)
	@tests/setup

lint: setup ## Format, types, YAML, Ansible, shell, changelog, documentation, side by side
	@tests/lint

docs-check: setup ## Only the documentation of modules and roles, and its references
	@tests/lint docs

unit: setup ## Unit tests; plan.py, parse.py and kin must be executed by them
	@coverage run -m pytest tests/unit
	@coverage json --quiet
	@python tests/unexecuted.py

sanity: setup ## ansible-test sanity on a copy of this tree, without containers
	@tests/sanity

integration: setup ## Real tools on loop devices: needs root, leaves nothing behind (TESTS=file or -k words)
	@tests/integration/run $(TESTS)

lab-image: setup
	@lab/containers/engine
	@lab/containers/image $(DISTRO)

ifeq ($(SCENARIO),drbd_gfs2_pair)
molecule: molecule-machines
else
molecule: lab-image ## Molecule scenarios in containers with real daemons (SCENARIO=name for one)
	@lab/containers/molecule $(SCENARIO)
endif

molecule-machines: setup ## The Molecule scenario drbd_gfs2_pair, in virtual machines with real kernels
	@lab/machines/molecule

test: setup ## All of it: lint, unit, sanity, integration, both kinds of molecule; a summary at the end
	@tests/run

lab-up: lab-up-$(LAB) ## Containers to try playbooks on (NODES=4 CLIENTS=1 DISTRO=debian-13); LAB=ec2: the embedded EC2; LAB=machines: virtual machines (NODES=2)

lab-up-containers: lab-image
	@ansible-playbook -i localhost, lab/containers/up.yml -e lab_nodes=$(NODES) -e lab_clients=$(CLIENTS)

lab-up-ec2: setup
	@lab/ec2/up $(DISTRO)

lab-up-machines: setup
	@lab/machines/up $(NODES) $(DISTRO)

health: setup ## Who is connected, what is online, what is left to heal, and what to do
	@ansible-playbook playbooks/cluster_health.yml

lab-down: lab-down-$(LAB) ## Remove them and everything they hold (LAB=ec2: the embedded EC2; LAB=machines: virtual machines)

lab-down-containers: setup
	@ansible-playbook -i localhost, lab/containers/down.yml

lab-down-ec2: setup
	@lab/ec2/down

lab-down-machines: setup
	@lab/machines/down

demo: setup ## Two EC2 instances share a volume and a third one joins, on the embedded EC2
	@lab/ec2/demo

demo-down: lab-down-ec2 ## Remove what the demo made

benchmark: lab-image ## How long it takes and what it costs, in numbers
	@tests/benchmark/run

clean: ## Remove what the tools made (.venv and .cache too)
	rm -rf .venv .cache .ansible collections tests/output
