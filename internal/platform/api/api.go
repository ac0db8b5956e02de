// Package api is the connection to the APIs of Alibaba Cloud: credentials, identity,
// addresses and errors. It sends nothing by itself: the package that does is internal
// to internal/platform, where readers only read, and the package write makes the calls
// of a permit.
package api

import (
	"context"
	"errors"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// Config says where and how to call the API.
type Config = wire.Config

// Transport carries calls for the reader and for package write. It has no
// method that sends.
type Transport = wire.Pool

// Error is a call that did not succeed. It never holds the request.
type Error = wire.Error

// Kind classifies the failure of a call.
type Kind = wire.Kind

// The kinds of Error that callers branch on; wire documents each.
const (
	Auth         = wire.Auth
	Busy         = wire.Busy
	NoPermission = wire.NoPermission
	NotFound     = wire.NotFound
	NotSent      = wire.NotSent
)

// ErrNoCredentials reports that no access key was found: a mistake of the setup,
// not of the gateway.
var ErrNoCredentials = wire.ErrNoCredentials

// ErrTooLong reports a list of more items than are read, each of which would have to be
// known.
var ErrTooLong = wire.ErrTooLong

// NoSTS in Config.STS says that the installation has no STS.
const NoSTS = wire.NoSTS

// Identity asks STS who is calling, once for each access key. Where the installation
// has none it says so in NoSTS; any other identity that could not be had is an error,
// of kind Auth where the credentials were not taken.
func Identity(ctx context.Context, t *Transport, region string) (evidence.Identity, error) {
	id, err := t.Identity(ctx, region)
	got := evidence.Identity{AccountID: id.AccountID, ARN: id.ARN, AccessKeyID: id.AccessKeyID, Source: id.Source}
	if errors.Is(err, wire.ErrNoSTS) {
		got.NoSTS, err = true, nil
	}
	return got, err
}

// NewTransport checks the configuration; it connects to nothing. Its errors are
// mistakes of the setup.
func NewTransport(c Config) (*Transport, error) { return wire.New(c) }

// Credentials takes ALIBABA_CLOUD_ACCESS_KEY_ID and its like from env, or else
// asks the official credential chain (OIDC, the command-line client's profile,
// credentials file, ECS instance role, URI). The error wraps ErrNoCredentials
// and names what was looked at. It ends with the context.
func Credentials(ctx context.Context, env func(string) string) (providers.CredentialsProvider, error) {
	return wire.Credentials(ctx, env)
}
