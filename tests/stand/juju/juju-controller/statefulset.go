package main

import (
	"fmt"
	"slices"

	"github.com/juju/juju/caas"
)

// statefulSet keeps the pods of one application as Juju wants them.
type statefulSet struct {
	cluster *cluster
	name    string
	number  int // the x in 127.S.x.y
	kick    chan struct{}

	// Under cluster.mu:
	exists     bool
	deleting   bool
	config     caas.ApplicationConfig
	generation int // of config; a pod of an older one is replaced
	replicas   int
	held       map[int]bool // ordinals that stay without a pod
	pods       map[int]*pod
	watchers   []*notifier
}

func newStatefulSet(c *cluster, name string, number int) *statefulSet {
	s := &statefulSet{cluster: c, name: name, number: number, kick: make(chan struct{}, 1),
		held: map[int]bool{}, pods: map[int]*pod{}}
	go func() {
		for range s.kick {
			s.reconcile()
		}
	}()
	return s
}

// address is that of a pod.
func (s *statefulSet) address(ordinal int) string {
	return fmt.Sprintf("%s.%d.%d", s.cluster.opts.network, s.number, ordinal+1)
}

// lock takes the cluster's lock and returns how to give it back.
func (s *statefulSet) lock() func() {
	s.cluster.mu.Lock()
	return s.cluster.mu.Unlock
}

// change does something to the set and lets everybody know: its own loop, Juju's watchers, and the hosts files.
func (s *statefulSet) change(f func(*statefulSet)) {
	s.cluster.mu.Lock()
	f(s)
	s.watchers = slices.DeleteFunc(s.watchers, func(n *notifier) bool { return !n.tomb.Alive() })
	for _, n := range s.watchers {
		n.poke()
	}
	s.cluster.writeHosts()
	s.cluster.mu.Unlock()
	wake(s.kick)
}

func (s *statefulSet) watch() *notifier {
	n := newNotifier()
	defer s.lock()()
	s.watchers = append(s.watchers, n)
	return n
}

// sorted lists the pods by ordinal. The caller holds the lock.
func (s *statefulSet) sorted() []*pod {
	var all []*pod
	for _, p := range s.pods {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pod) int { return a.ordinal - b.ordinal })
	return all
}

// reconcile starts and stops pods, as a StatefulSet whose podManagementPolicy is Parallel.
func (s *statefulSet) reconcile() {
	defer s.lock()()
	if !s.exists || s.cluster.ctx.Err() != nil {
		return
	}
	for ordinal, p := range s.pods {
		if ordinal >= s.replicas && !p.stopping {
			p.stopping = true
			go p.stop()
		}
	}
	if s.deleting && len(s.pods) == 0 {
		s.exists, s.deleting = false, false
		for _, n := range s.watchers {
			n.poke()
		}
		return
	}
	for ordinal := range s.replicas {
		if s.pods[ordinal] == nil && !s.held[ordinal] {
			p := newPod(s, ordinal)
			s.pods[ordinal] = p
			go p.run()
		}
	}
	s.roll()
}

// roll replaces one pod of an older generation, the highest first, once those above it are ready.
func (s *statefulSet) roll() {
	for ordinal := s.replicas - 1; ordinal >= 0; ordinal-- {
		p := s.pods[ordinal]
		if p == nil || p.stopping || !p.ready {
			return
		}
		if p.generation != s.generation {
			p.stopping = true
			go p.stop()
			return
		}
	}
}
