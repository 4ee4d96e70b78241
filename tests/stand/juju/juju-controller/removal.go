package main

import (
	"context"
	"sync"
	"time"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/worker/v5"

	"github.com/juju/juju/core/life"
	domainremoval "github.com/juju/juju/domain/removal"
	removalerrors "github.com/juju/juju/domain/removal/errors"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/services"
	"github.com/juju/juju/internal/worker/removal"
)

// startRemoval runs the worker that takes dead things away.
func startRemoval(opts *options, svc services.DomainServices, k *kubelet) (worker.Worker, error) {
	var service removal.RemovalService = svc.Removal()
	if !opts.plainRemoval {
		service = &patientRemoval{RemovalService: service, services: svc, kubelet: k, dead: map[string]time.Time{}}
	}
	w, err := removal.NewWorker(removal.Config{
		RemovalService: service,
		Clock:          removalClock{clock.WallClock, opts.removal},
		Logger:         internallogger.GetLogger("juju.removal"),
	})
	return w, errors.Annotate(err, "starting the removal worker")
}

// patientRemoval keeps the worker from what this version of Juju does too early.
//
// It declares a dying unit dead at once if the unit has no relations and no storage, which then never runs stop and
// remove (domain/removal/service/unit.go, domain/removal/state/model/unit.go). And where it takes a dead unit away
// before the provisioner has seen that it is dead, its pod stays for ever
// (internal/worker/caasapplicationprovisioner/ops.go, reconcileDeadUnitScale): with ten seconds between two looks that
// seldom happens, and with less it often does. After these ten seconds it has to be taken away nevertheless: a provisioner
// that learns of the death of a unit before it learns that the application goes does not look at the unit again.
type patientRemoval struct {
	removal.RemovalService
	services services.DomainServices
	kubelet  *kubelet

	mu   sync.Mutex
	dead map[string]time.Time // by UUID: since when a unit has been seen dead
}

// removalInterval is what there is in Juju between two looks at what is to be removed (jobCheckMaxInterval).
const removalInterval = 10 * time.Second

// ExecuteJob implements removal.RemovalService.
func (r *patientRemoval) ExecuteJob(ctx context.Context, job domainremoval.Job) error {
	if job.RemovalType == domainremoval.UnitJob && !job.Force && r.isEarly(ctx, job.EntityUUID) {
		return removalerrors.EntityNotDead // Try again.
	}
	return r.RemovalService.ExecuteJob(ctx, job)
}

// isEarly reports whether the unit of this UUID has a pod that it still needs, or that is still to be noticed.
func (r *patientRemoval) isEarly(ctx context.Context, uuid string) bool {
	for name, runs := range r.kubelet.units() {
		if id, err := r.services.Application().GetUnitUUID(ctx, name); err == nil && id.String() == uuid {
			l, err := r.services.Application().GetUnitLife(ctx, name)
			if err == nil && l == life.Dead {
				return time.Since(r.deadSince(uuid)) < removalInterval
			}
			return err == nil && runs
		}
	}
	return false
}

// deadSince is when the unit of this UUID was seen dead first: now, if it has not been.
func (r *patientRemoval) deadSince(uuid string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	since, ok := r.dead[uuid]
	if !ok {
		since = time.Now()
		r.dead[uuid] = since
	}
	return since
}

// removalClock shortens the ten seconds between the worker's looks at its jobs.
type removalClock struct {
	clock.Clock
	every time.Duration
}

// NewTimer implements clock.Clock.
func (c removalClock) NewTimer(d time.Duration) clock.Timer {
	return removalTimer{c.Clock.NewTimer(min(d, c.every)), c.every}
}

type removalTimer struct {
	clock.Timer
	every time.Duration
}

// Reset implements clock.Timer.
func (t removalTimer) Reset(d time.Duration) bool { return t.Timer.Reset(min(d, t.every)) }
