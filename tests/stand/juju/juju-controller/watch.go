package main

import "gopkg.in/tomb.v2"

// notifier is a watcher.NotifyWatcher. Several pokes that nobody has received yet are one.
type notifier struct {
	tomb    tomb.Tomb
	poked   chan struct{}
	changes chan struct{}
}

func newNotifier() *notifier {
	n := &notifier{poked: make(chan struct{}, 1), changes: make(chan struct{})}
	n.poke() // The first event says how things are now.
	n.tomb.Go(n.loop)
	return n
}

func (n *notifier) loop() error {
	for {
		select {
		case <-n.tomb.Dying():
			return tomb.ErrDying
		case <-n.poked:
		}
		select {
		case <-n.tomb.Dying():
			return tomb.ErrDying
		case n.changes <- struct{}{}:
		}
	}
}

func (n *notifier) poke() { wake(n.poked) }

// wake lets the reader go on of a channel that holds one value at most.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Kill implements worker.Worker.
func (n *notifier) Kill() { n.tomb.Kill(nil) }

// Wait implements worker.Worker.
func (n *notifier) Wait() error { return n.tomb.Wait() }

// Changes implements watcher.NotifyWatcher.
func (n *notifier) Changes() <-chan struct{} { return n.changes }
