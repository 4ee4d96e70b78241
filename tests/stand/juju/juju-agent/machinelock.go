package main

import (
	"github.com/juju/errors"

	"github.com/juju/juju/core/machinelock"
)

// machineLock lets one hook run at a time in this unit. Juju's is a file lock in TMPDIR, which units on one machine
// would share.
type machineLock chan struct{}

func newMachineLock() machineLock { return make(machineLock, 1) }

// Acquire implements machinelock.Lock.
func (l machineLock) Acquire(spec machinelock.Spec) (func(), error) {
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-spec.Cancel:
		return nil, errors.New("waiting for the machine lock was cancelled")
	}
}

// Report implements machinelock.Lock.
func (machineLock) Report(...machinelock.ReportOption) (string, error) { return "", nil }
