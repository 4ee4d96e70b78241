package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/juju/errors"

	corelease "github.com/juju/juju/core/lease"
	coreunit "github.com/juju/juju/core/unit"
)

// maxApplications is how many 127.S.x.0/24 there are for them; x=0 is not used.
const maxApplications = 254

// cluster plays the StatefulSets and the kubelet of a Kubernetes.
type cluster struct {
	opts    *options
	log     *log.Logger
	serving chan struct{} // closed when introducer and revoker are there
	ctx     context.Context
	cancel  context.CancelFunc

	introducer introducer
	revoker    corelease.Revoker

	mu   sync.Mutex
	sets map[string]*statefulSet
}

func newCluster(opts *options) *cluster {
	ctx, cancel := context.WithCancel(context.Background())
	return &cluster{
		opts: opts, log: log.New(os.Stderr, "cluster: ", log.LstdFlags|log.Lmicroseconds|log.Lmsgprefix),
		serving: make(chan struct{}), ctx: ctx, cancel: cancel, sets: map[string]*statefulSet{},
	}
}

// serve lets pods start.
func (c *cluster) serve(i introducer, r corelease.Revoker) {
	c.introducer, c.revoker = i, r
	close(c.serving)
}

// set is the StatefulSet of an application, which may not exist (yet) as far as Juju knows.
func (c *cluster) set(name string) *statefulSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sets[name]
	if s == nil {
		s = newStatefulSet(c, name, len(c.sets)+1)
		c.sets[name] = s
	}
	return s
}

// pods lists all pods by application and ordinal. The caller holds mu.
func (c *cluster) pods() []*pod {
	var all []*pod
	for _, s := range c.sets {
		all = append(all, s.sorted()...)
	}
	slices.SortFunc(all, func(a, b *pod) int {
		if n := strings.Compare(a.set.name, b.set.name); n != 0 {
			return n
		}
		return a.ordinal - b.ordinal
	})
	return all
}

// find returns the pod that is called APPLICATION-N, or that of the unit APPLICATION/N.
func (c *cluster) find(name string) (*statefulSet, int, error) {
	i := strings.LastIndexAny(name, "-/")
	if i < 0 {
		return nil, 0, errors.Errorf("%q is neither a pod (APPLICATION-N) nor a unit (APPLICATION/N)", name)
	}
	ordinal, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return nil, 0, errors.Errorf("%q is neither a pod (APPLICATION-N) nor a unit (APPLICATION/N)", name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sets[name[:i]]
	if s == nil {
		return nil, 0, errors.NotFoundf("application %q", name[:i])
	}
	return s, ordinal, nil
}

// units tells of every unit that has a pod whether something runs in it.
func (c *cluster) units() map[coreunit.Name]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	units := map[coreunit.Name]bool{}
	for _, p := range c.pods() {
		name, err := coreunit.NewNameFromParts(p.set.name, p.ordinal)
		if err != nil {
			continue
		}
		select {
		case <-p.ended:
			units[name] = false
		default:
			units[name] = true
		}
	}
	return units
}

// depose ends the leadership of a unit at once, as if its lease had run out.
func (c *cluster) depose(application string, ordinal int) error {
	return c.revoker.Revoke(application, fmt.Sprintf("%s/%d", application, ordinal))
}

// stop ends all pods, without their stop hooks, and waits until they are gone.
func (c *cluster) stop() {
	c.cancel()
	c.mu.Lock()
	all := c.pods()
	c.mu.Unlock()
	for _, p := range all {
		p.abandon()
	}
	for _, p := range all {
		<-p.ended
	}
}
