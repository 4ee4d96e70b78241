package main

import (
	"time"

	"github.com/juju/clock"
	"gopkg.in/tomb.v2"
)

// eagerClock keeps the change stream from looking ever less often in quiet times (stream.go: 100 ms growing to 10 s),
// and watchers of Kubernetes from waiting for a second, which would cost seconds at every step of a test.
type eagerClock struct{ clock.Clock }

// After implements clock.Clock.
func (c eagerClock) After(d time.Duration) <-chan time.Time {
	if d <= 10*time.Second { // Longer ones are limits, such as that on a term.
		d = min(d, 50*time.Millisecond)
	}
	return c.Clock.After(d)
}

// silentFileWatcher is the file watcher that an operator would use to stop a change stream.
type silentFileWatcher struct {
	tomb    tomb.Tomb
	changes chan bool
}

func newSilentFileWatcher() *silentFileWatcher {
	w := &silentFileWatcher{changes: make(chan bool)}
	w.tomb.Go(func() error {
		<-w.tomb.Dying()
		return tomb.ErrDying
	})
	return w
}

// Kill implements worker.Worker.
func (w *silentFileWatcher) Kill() { w.tomb.Kill(nil) }

// Wait implements worker.Worker.
func (w *silentFileWatcher) Wait() error { return w.tomb.Wait() }

// Changes implements changestream.FileNotifyWatcher.
func (w *silentFileWatcher) Changes() (<-chan bool, error) { return w.changes, nil }

// noChangeStreamMetrics implements the change stream's metrics collector.
type noChangeStreamMetrics struct{}

func (noChangeStreamMetrics) WatermarkInsertsInc()                  {}
func (noChangeStreamMetrics) WatermarkRetriesInc()                  {}
func (noChangeStreamMetrics) ChangesRequestDurationObserve(float64) {}
func (noChangeStreamMetrics) ChangesCountObserve(int)               {}
func (noChangeStreamMetrics) SubscriptionsInc()                     {}
func (noChangeStreamMetrics) SubscriptionsDec()                     {}
func (noChangeStreamMetrics) DispatchDurationObserve(float64, bool) {}
