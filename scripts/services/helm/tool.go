//go:build tools

// Package tools names the program that the tests of add-ons build, so that go.mod and go.sum pin all it needs.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
