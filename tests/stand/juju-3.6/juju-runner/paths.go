package main

import (
	"path/filepath"
	"time"

	"github.com/juju/juju/core/leadership"
	"github.com/juju/juju/juju/sockets"
)

const toolsFolder = "tools"

// paths is where the agent's things are.
type paths struct{ base, charm string }

func (p paths) GetToolsDir() string        { return filepath.Join(p.base, toolsFolder) }
func (p paths) GetBaseDir() string         { return p.base }
func (p paths) GetCharmDir() string        { return p.charm }
func (p paths) GetMetricsSpoolDir() string { return p.base }
func (p paths) GetResourcesDir() string    { return filepath.Join(p.base, "resources") }

func (p paths) GetJujucServerSocket(bool) sockets.Socket {
	return sockets.Socket{Network: "unix", Address: filepath.Join(p.base, "agent.socket")}
}

func (p paths) GetJujucClientSocket(remote bool) sockets.Socket {
	return p.GetJujucServerSocket(remote)
}

// tracker knows who leads from the state.
type tracker struct{ s *state }

func (t tracker) ApplicationName() string        { return t.s.application() }
func (t tracker) ClaimDuration() time.Duration   { return time.Minute }
func (t tracker) ClaimLeader() leadership.Ticket { return ticket(t.s.Leader) }
func (t tracker) WaitLeader() leadership.Ticket  { return ticket(t.s.Leader) }
func (t tracker) WaitMinion() leadership.Ticket  { return ticket(!t.s.Leader) }

type ticket bool

func (t ticket) Wait() bool { return bool(t) }

func (t ticket) Ready() <-chan struct{} {
	ready := make(chan struct{})
	close(ready)
	return ready
}
