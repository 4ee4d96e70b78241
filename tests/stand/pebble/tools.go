//go:build tools

// Package tools names the program that this module builds, so that go.mod requires what it needs.
package tools

import _ "github.com/canonical/pebble/cmd/pebble"
