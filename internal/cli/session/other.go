package session

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/sources"
	"github.com/bindgate/bindgate/internal/waiver"
)

// loadOther reads the bindings of a Terraform plan or of a template of ROS.
func loadOther(env console.Env, s settings.Settings, paths []string, o manifest.Options) (*manifest.Set, error) {
	flag := s.Other()
	switch {
	case s.Terraform != "" && (s.ROS != "" || len(s.ROSGiven) > 0):
		return nil, errors.New("reading arguments: got both --terraform and --ros, want one of them")
	case flag == "ros" && s.ROS == "":
		return nil, errors.New("reading --ros-parameter: got no --ros, want both")
	case len(paths) > 0:
		return nil, fmt.Errorf("reading arguments: got both a manifest %q and --%s, want one of them", paths[0], flag)
	}
	for _, name := range s.Binding.Given() {
		if !slices.Contains(settings.OtherFlags(), name) {
			return nil, fmt.Errorf("reading --%s: the file of --%s says it, or a manifest must; with the file there are --%s", name, flag, strings.Join(settings.OtherFlags(), ", --"))
		}
	}
	w := s.Binding
	if w.CertificateName != "" && w.Certificate == "" {
		return nil, errors.New("reading --certificate-name: got no --certificate, want both")
	}
	parameters, err := rosParameters(s.ROSGiven)
	if err != nil {
		return nil, err
	}
	file := cmp.Or(s.Terraform, s.ROS)
	text, err := confine.ReadBounded(env.Absolute(file), sources.MaxFileSize)
	if err != nil {
		return nil, fmt.Errorf("reading --%s: %w", flag, err)
	}
	given := sources.Given{Region: w.Region, Gateway: w.Gateway, Proof: w.Proof, Certificate: w.Certificate, CertificateName: w.CertificateName,
		Labels: w.Labels, Parameters: parameters, STS: s.Gateway.STS,
		Endpoints: map[string]string{binding.Classic: s.Gateway.Endpoint, binding.APIG: cmp.Or(s.Gateway.APIG, s.Gateway.Endpoint)}, Owner: func(domain string) sources.Owned { return ownerOf(s, domain) }}
	var read sources.Template
	if flag == "ros" {
		read, err = sources.ROS(file, text, given)
	} else {
		read.Entries, err = sources.Terraform(text, given)
	}
	var faults manifest.Errors
	var fault *manifest.Error
	switch {
	case errors.As(err, &faults), errors.As(err, &fault):
		return nil, err // each names the file
	case err != nil:
		return nil, fmt.Errorf("reading --%s %s: %w", flag, file, err)
	}
	if len(read.Entries) == 0 && !s.Quiet {
		env.Complain(fmt.Errorf("nothing to judge: %s has no custom domain of API Gateway that is created, changed or kept", file))
	}
	if len(read.Entries) > 0 && len(read.Running) > 0 && !s.Quiet {
		env.Complain(fmt.Errorf("not judged: %s has resources that run code, which may make calls of its own: %s", file, strings.Join(read.Running, ", ")))
	}
	return manifest.FromEntries(file, text, read.Shown, read.Entries, o)
}

// ownerOf returns what the owner's file says of a domain in the file of another tool.
func ownerOf(s settings.Settings, domain string) sources.Owned {
	for _, one := range s.Sources {
		if waiver.Matches(one.Domain, domain) {
			return sources.Owned{Gateway: one.GatewayID, Labels: one.Labels, ForceFrom: one.ForceFrom}
		}
	}
	return sources.Owned{}
}

// rosParameters reads the values of parameters, by name. No error repeats a value.
func rosParameters(given []string) (map[string]string, error) {
	out := map[string]string{}
	for i, one := range given {
		name, value, ok := strings.Cut(one, "=")
		switch _, twice := out[name]; {
		case !ok || name == "" || strings.ContainsFunc(name, unicode.IsSpace):
			return nil, fmt.Errorf("reading --ros-parameter %d: got no NAME=VALUE, want one", i+1)
		case value == "" || value == "@":
			return nil, fmt.Errorf("reading --ros-parameter %.64s: got an empty value, want one; is a variable not set?", name)
		case twice:
			return nil, fmt.Errorf("reading --ros-parameter %.64s: got it twice, want it once", name)
		}
		out[name] = value
	}
	return out, nil
}
