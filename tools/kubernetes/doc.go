// Package kubernetes tests the templates for Kubernetes with its published types.
package kubernetes
