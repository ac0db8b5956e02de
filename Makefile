# The commands of the README and of .ci/run by name; each works without make.
.PHONY: build test race lint policy fuzz bench

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

bench:
	cd bench && go run .
	cd bench && go run . dns
