package main

import (
	"context"
	"sync"

	"github.com/juju/juju/apiserver/observer"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/core/unit"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/services"
)

// presence notes which unit agents are connected.
//
// An agent connects twice when it starts. Juju notes that the first connection
// has ended at about the time at which the second begins; where it does so
// afterwards, it takes the agent for lost for as long as that connection lasts.
// Counting connections makes the order of the two of no account.
type presence struct {
	getter services.DomainServicesGetter

	mu          sync.Mutex
	connections map[unit.Name]int
}

func newPresence(getter services.DomainServicesGetter) *presence {
	return &presence{getter: getter, connections: map[unit.Name]int{}}
}

// observer is for one connection.
func (p *presence) observer() observer.Observer {
	return observer.NewAgentPresence(observer.AgentPresenceConfig{
		DomainServicesGetter: p, Logger: internallogger.GetLogger("juju.apiserver")})
}

// ServicesForModel implements observer.DomainServicesGetter.
func (p *presence) ServicesForModel(ctx context.Context, id model.UUID) (observer.ModelService, error) {
	svc, err := p.getter.ServicesForModel(ctx, id)
	if err != nil {
		return nil, err
	}
	return countedPresence{svc.Status(), p}, nil
}

// countedPresence forgets a unit only with its last connection.
type countedPresence struct {
	statusService
	presence *presence
}

// statusService is observer.StatusService under a name that leaves room for the
// method of that name.
type statusService = observer.StatusService

// StatusService implements observer.ModelService.
func (c countedPresence) StatusService() observer.StatusService { return c }

// SetUnitPresence implements observer.StatusService.
func (c countedPresence) SetUnitPresence(ctx context.Context, name unit.Name) error {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	c.presence.connections[name]++
	return c.statusService.SetUnitPresence(ctx, name)
}

// DeleteUnitPresence implements observer.StatusService.
func (c countedPresence) DeleteUnitPresence(ctx context.Context, name unit.Name) error {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	c.presence.connections[name]--
	if c.presence.connections[name] > 0 {
		return nil
	}
	delete(c.presence.connections, name)
	return c.statusService.DeleteUnitPresence(ctx, name)
}
