# What people type. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
CONFIG ?= config/default.yaml
FUZZ_SECONDS ?= 60
# ON: precompiled headers, for who builds once and from nothing.
PRECOMPILE ?= OFF

.PHONY: help
help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z0-9 -]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

.PHONY: deps-build
deps-build:
	@tools/install-deps.sh build
	@tools/fetch-civetweb.sh || true  # cmake then says what the fallback cannot do

.PHONY: deps-test
deps-test: deps-build
	@tools/install-deps.sh test

.PHONY: deps
deps: deps-test ## installs the Debian packages that are missing (as root)

.PHONY: build
build: deps-build ## builds the program: build/pathwitness
	@cmake --preset release --log-level=WARNING >/dev/null
	@cmake --build --preset release -j $(JOBS) --target pathwitness
	@ln -sfn release/exporter/pathwitness build/pathwitness

.PHONY: run
run: build ## builds and starts it; CONFIG=file chooses the configuration
	build/pathwitness --config.file=$(CONFIG)

.PHONY: demo
demo: deps-test ## an outage, its page and its evidence, on this machine alone (as root); DEMO_ONCE=1 ends by itself
	@cmake --preset dev --log-level=WARNING >/dev/null
	@cmake --build --preset dev -j $(JOBS) --target demo
	@build/dev/tests/demo/demo $(if $(DEMO_ONCE),--once)

.PHONY: pictures
pictures: deps-test ## draws the README's pictures of dashboards and pages again (as root)
	@cmake --preset dev --log-level=WARNING >/dev/null
	@cmake --build --preset dev -j $(JOBS) --target live_queries_test browser_test
	@PATHWITNESS_PICTURES=docs/pictures build/dev/tests/grafana/live_queries_test
	@mkdir -p build/pictures && PATHWITNESS_PICTURES=build/pictures build/dev/tests/browser/browser_test
	@cp build/pictures/{incident-desk-light,target-path-phone-dark}.png docs/pictures/

.PHONY: dev
dev: deps-test
	@cmake --preset dev -DPATHWITNESS_PRECOMPILE=$(PRECOMPILE) --log-level=WARNING >/dev/null
	@cmake --build --preset dev -j $(JOBS)

.PHONY: test
test: dev ## builds everything and runs all tests
	@tools/run-tests.sh build/dev -j $$((2 * $(JOBS)))  # many of them wait

.PHONY: check
check: dev ## format, lint, include direction, clang-tidy, shellcheck
	@tools/check.sh build/dev

# The thread sanitizer has nothing to tell about tests without threads.
asan tsan: tests = unit
tsan: tests = threaded
asan tsan: label = unit
tsan: label = threads

.PHONY: asan tsan
asan tsan: deps-test ## unit tests under a sanitizer (address and undefined, thread)
	@cmake --preset $@ -DPATHWITNESS_PRECOMPILE=$(PRECOMPILE) --log-level=WARNING >/dev/null
	@cmake --build --preset $@ -j $(JOBS) --target $(tests)_tests
	@tools/run-tests.sh build/$@ -j $(JOBS) -L '^$(label)$$'

.PHONY: asan-e2e tsan-e2e
asan-e2e tsan-e2e: deps-test ## the program in all tests that start it, under a sanitizer (as root)
	@cmake --preset $(@:-e2e=) --log-level=WARNING >/dev/null
	@cmake --build --preset $(@:-e2e=) -j $(JOBS) --target live_tests
	@tools/run-tests.sh build/$(@:-e2e=) -j $(JOBS) -L '^(netns|service|e2e)$$' -E '^(demo|kubernetes_test)$$'

.PHONY: coverage
coverage: deps-test ## which lines the unit tests reach: build/coverage/html
	@tools/coverage.sh

.PHONY: fuzz
fuzz: deps-test ## fuzzes every decoder and parser, FUZZ_SECONDS each
	@cmake --preset asan -DPATHWITNESS_PRECOMPILE=$(PRECOMPILE) --log-level=WARNING >/dev/null
	@cmake --build --preset asan -j $(JOBS) --target tests/fuzz/all
	@JOBS=$(JOBS) tools/fuzz.sh build/asan $(FUZZ_SECONDS)

.PHONY: bench
bench: build deps-test ## measures speed (tests/bench)
	tests/bench/run.sh

.PHONY: deps-image
deps-image: deps-test
	@tools/install-deps.sh image

.PHONY: test-image
test-image: deps-image ## builds the image without a registry and runs it behind a router (as root)
	@tools/test-image.sh

.PHONY: deb
deb: deps-build ## builds the Debian package: build/release-*/
	@tools/release.sh deb

.PHONY: test-deb
test-deb: deps-image deb ## lintian, then a bare Debian with the package, without and with systemd (as root)
	@tools/test-deb.sh build/release-*/*.deb
	@tools/test-systemd.sh build/release-*/*.deb

.PHONY: release
release: deps-test ## package, tarballs, SBOM and checksums: build/release-*/
	@tools/release.sh

.PHONY: reproducible
reproducible: deps-build ## builds the last commit twice and compares the bytes
	@tools/check-reproducible.sh

.PHONY: clean
clean: ## removes what was built; fetched sources stay
	rm -rf build
