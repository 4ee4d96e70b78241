package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/canonical/pebble/client"
	"github.com/juju/clock"

	"github.com/juju/juju/internal/worker/uniter"
)

// jujuPebblePoll is the period of Juju's Pebble poller, and tells its timer from others
// (internal/worker/uniter/pebblepoller.go).
const jujuPebblePoll = 5 * time.Second

// pollClock lets the Pebble poller look more often than every five seconds.
type pollClock struct {
	clock.Clock
	every time.Duration
}

// NewTimer implements clock.Clock.
func (c pollClock) NewTimer(d time.Duration) clock.Timer {
	if d == jujuPebblePoll {
		return pollTimer{c.Clock.NewTimer(c.every), c.every}
	}
	return c.Clock.NewTimer(d)
}

type pollTimer struct {
	clock.Timer
	every time.Duration
}

// Reset implements clock.Timer.
func (t pollTimer) Reset(time.Duration) bool { return t.Timer.Reset(t.every) }

// newPebbleClient makes clients that look for Pebble's sockets in a folder of choice.
func newPebbleClient(sockets string) uniter.NewPebbleClientFunc {
	return func(config *client.Config) (uniter.PebbleClient, error) {
		moved := *config
		moved.Socket = filepath.Join(sockets, strings.TrimPrefix(config.Socket, "/charm/containers/"))
		c, err := client.New(&moved)
		return pebbleClient{c, moved.Socket}, err
	}
}

// pebbleClient gives each start of Pebble a boot id of its own. Pebble does so only when it is process 1
// (internals/overlord/overlord.go); without it the restart of a container would bring no pebble-ready.
type pebbleClient struct {
	*client.Client
	socket string
}

// SysInfo implements uniter.PebbleClient.
func (c pebbleClient) SysInfo() (*client.SysInfo, error) {
	info, err := c.Client.SysInfo()
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(c.socket); err == nil {
		info.BootID += st.ModTime().Format(time.RFC3339Nano)
	}
	return info, nil
}
