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
	"time"

	"github.com/juju/errors"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	corelease "github.com/juju/juju/core/lease"
	coreunit "github.com/juju/juju/core/unit"
)

const (
	// nodeName is the node that all pods are on.
	nodeName = "stand"
	// nodeAddress is its address.
	nodeAddress = "127.0.0.1"
	// maxApplications is how many 127.S.x.0/24 there are for them; x=0 is not used.
	maxApplications = 254
	// charmContainer is the one that Juju runs its agent in (internal/provider/kubernetes/constants).
	charmContainer = "charm"
)

// kubelet plays the one node of the cluster, and its scheduler: the pods of the model's applications run here, as
// processes of the pod program. All that it knows of them is in Kubernetes.
type kubelet struct {
	opts      *options
	api       *kubernetesAPI
	namespace string
	log       *log.Logger
	ctx       context.Context
	cancel    context.CancelFunc

	introducer introducer
	revoker    corelease.Revoker

	mu       sync.Mutex
	pods     map[string]*pod // by name
	held     map[string]bool // names of pods that stay pending
	numbers  map[string]int  // of applications: the x in 127.S.x.y
	services map[string]*core.Service
	store    cache.Store // of Pods
}

func newKubelet(opts *options, api *kubernetesAPI) *kubelet {
	ctx, cancel := context.WithCancel(context.Background())
	return &kubelet{
		opts: opts, api: api, namespace: opts.model, ctx: ctx, cancel: cancel,
		log:  log.New(os.Stderr, "kubelet: ", log.LstdFlags|log.Lmicroseconds|log.Lmsgprefix),
		pods: map[string]*pod{}, held: map[string]bool{}, numbers: map[string]int{}, services: map[string]*core.Service{},
	}
}

// serve makes the node and runs the pods that there are on it from now on.
func (k *kubelet) serve(i introducer, r corelease.Revoker) error {
	k.introducer, k.revoker = i, r
	if err := k.makeNode(); err != nil {
		return errors.Annotate(err, "making the node")
	}
	factory := informers.NewSharedInformerFactoryWithOptions(k.api.client, 0, informers.WithNamespace(k.namespace))
	pods, services := factory.Core().V1().Pods().Informer(), factory.Core().V1().Services().Informer()
	k.store = pods.GetStore()
	if _, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.seen(o.(*core.Pod)) },
		UpdateFunc: func(_, o any) { k.seen(o.(*core.Pod)) },
		DeleteFunc: func(o any) { k.lost(o) },
	}); err != nil {
		return errors.Annotate(err, "watching pods")
	}
	if _, err := services.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.service(o.(*core.Service), true) },
		UpdateFunc: func(_, o any) { k.service(o.(*core.Service), true) },
		DeleteFunc: func(o any) {
			if s, ok := o.(*core.Service); ok {
				k.service(s, false)
			}
		},
	}); err != nil {
		return errors.Annotate(err, "watching services")
	}
	factory.Start(k.ctx.Done())
	factory.WaitForCacheSync(k.ctx.Done())
	return nil
}

func (k *kubelet) makeNode() error {
	nodes := k.api.client.CoreV1().Nodes()
	node, err := nodes.Create(k.ctx, &core.Node{ObjectMeta: meta.ObjectMeta{Name: nodeName}}, meta.CreateOptions{})
	if err != nil {
		return err
	}
	now := meta.Now()
	node.Status.Conditions = []core.NodeCondition{{Type: core.NodeReady, Status: core.ConditionTrue, Reason: "KubeletReady",
		LastHeartbeatTime: now, LastTransitionTime: now}}
	node.Status.Addresses = []core.NodeAddress{{Type: core.NodeInternalIP, Address: nodeAddress}}
	_, err = nodes.UpdateStatus(k.ctx, node, meta.UpdateOptions{})
	return err
}

// seen does what a pod that is new, or has changed, asks for.
func (k *kubelet) seen(object *core.Pod) {
	if !runsCharm(object) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.pods[object.Name]
	if p == nil || p.object.UID != object.UID {
		if object.DeletionTimestamp != nil || k.held[object.Name] || k.ctx.Err() != nil {
			return
		}
		before := p
		p, err := newPod(k, object)
		if err != nil {
			k.log.Printf("%s cannot run: %v", object.Name, err)
			return
		}
		k.pods[p.name] = p
		go p.run(before)
		return
	}
	if object.DeletionTimestamp != nil && !p.stopping {
		p.stopping = true
		grace := k.opts.grace
		if s := object.DeletionGracePeriodSeconds; s != nil {
			grace = min(grace, time.Duration(*s)*time.Second)
		}
		go p.stop(grace)
	}
}

// lost ends what is left of a pod that nobody wants any more.
func (k *kubelet) lost(o any) {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = gone.Obj
	}
	object, ok := o.(*core.Pod)
	if !ok {
		return
	}
	k.mu.Lock()
	p := k.pods[object.Name]
	if p == nil || p.object.UID != object.UID {
		k.mu.Unlock()
		return
	}
	p.stopping = true
	k.mu.Unlock()
	go p.kill()
}

func (k *kubelet) service(s *core.Service, there bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if there {
		k.services[s.Name] = s
	} else {
		delete(k.services, s.Name)
	}
	k.writeHosts()
}

// runsCharm reports whether a pod is one that Juju has made for a unit. There is nobody here to run others.
func runsCharm(pod *core.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c core.Container) bool { return c.Name == charmContainer })
}

// change does something to pods, and lets all who look at hosts files know. The lock is held meanwhile.
func (k *kubelet) change(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	k.writeHosts()
}

// number is that of an application, from 1. The caller holds mu.
func (k *kubelet) number(application string) (int, error) {
	if n, ok := k.numbers[application]; ok {
		return n, nil
	}
	n := len(k.numbers) + 1
	if n > maxApplications {
		return 0, errors.Errorf("no addresses are left for %q: more than %d applications", application, maxApplications)
	}
	k.numbers[application] = n
	return n, nil
}

// all lists the pods by application and ordinal. The caller holds mu.
func (k *kubelet) all() []*pod {
	var all []*pod
	for _, p := range k.pods {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pod) int {
		if n := strings.Compare(a.application, b.application); n != 0 {
			return n
		}
		return a.ordinal - b.ordinal
	})
	return all
}

// splitName returns the application and the number of the pod APPLICATION-N, or of that of the unit APPLICATION/N.
func splitName(name string) (application string, ordinal int, err error) {
	i := strings.LastIndexAny(name, "-/")
	if i > 0 {
		if ordinal, err = strconv.Atoi(name[i+1:]); err == nil {
			return name[:i], ordinal, nil
		}
	}
	return "", 0, errors.Errorf("%q is neither a pod (APPLICATION-N) nor a unit (APPLICATION/N)", name)
}

// hold keeps a pod of this name from running, and release lets it run.
func (k *kubelet) hold(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[name] = true
}

func (k *kubelet) release(name string) {
	k.mu.Lock()
	delete(k.held, name)
	k.mu.Unlock()
	if object, found, err := k.store.GetByKey(k.namespace + "/" + name); err == nil && found {
		k.seen(object.(*core.Pod))
	}
}

// units tells of every unit that has a pod whether something runs in it.
func (k *kubelet) units() map[coreunit.Name]bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	units := map[coreunit.Name]bool{}
	for _, p := range k.pods {
		name, err := coreunit.NewNameFromParts(p.application, p.ordinal)
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
func (k *kubelet) depose(application string, ordinal int) error {
	return k.revoker.Revoke(application, fmt.Sprintf("%s/%d", application, ordinal))
}

// stop ends all pods, without their stop hooks, and waits until they are gone.
func (k *kubelet) stop() {
	k.cancel()
	k.mu.Lock()
	all := k.all()
	k.mu.Unlock()
	for _, p := range all {
		p.abandon()
	}
	for _, p := range all {
		<-p.ended
	}
}
