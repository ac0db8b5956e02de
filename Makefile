# The commands of the README and of .ci/run by name; each works without make.
.PHONY: build test race lint policy fuzz mutate bench

build:
	go build -o bindgate ./cmd/bindgate

test:
	go test ./...

race:
	go test -race ./...

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	go tool -modfile=tools/lint/go.mod golangci-lint run

policy:
	go run ./cmd/bindgate policy check policies
	go run ./cmd/bindgate policy test policies

fuzz:
	.ci/fuzz 10000

# Which changes of the code that decides and sends do its tests not notice?
mutate:
	cd tools/mutate && go run . ./internal/gate -rapid.nofailfile
	cd tools/mutate && go run . ./internal/plan
	cd tools/mutate && go run . ./internal/platform/write
	cd tools/mutate && go run . -tests ./checks/catalog -run 'TestFixtures/^rebind' ./checks/rebind
	cd tools/mutate && go run . -run 'TestStop|TestSent|TestCancel|TestAPermit|TestThe|TestTimes|TestUpdates' \
		-run 'TestOne$$|TestAll|TestInterrupt|Client' -run TestRuleInMemory ./internal/bind -rule.memory=40 -rapid.nofailfile

bench:
	cd bench && go run .
	cd bench && go run . dns
