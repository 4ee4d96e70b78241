// Command kube-controllers runs those controllers of Kubernetes that a model of Juju needs: the one of StatefulSets, the
// garbage collector, and the one that takes what is in a namespace away with it.
//
// They are what kube-controller-manager runs, which has fifty more, and needs the code of the kubelet for that.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/statefulset"
)

const (
	// workers is how many objects of a kind each controller sees to at a time.
	workers = 5
	// discoverEvery is how often the garbage collector looks for kinds of objects that are new (Kubernetes: 30s).
	discoverEvery = 5 * time.Second
	// resync is how often everything is looked at without need, as in kube-controller-manager.
	resync = 12 * time.Hour
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the `FILE` that says where Kubernetes is, and who asks")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, *kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "kube-controllers:", err)
		os.Exit(1)
	}
}

// run runs the controllers until ctx is over.
func run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("reading %s: %w", kubeconfig, err)
	}
	config.QPS = -1 // A stand that waits for its turn shows nothing.
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	typed := informers.NewSharedInformerFactory(client, resync)
	all := informerfactory.NewInformerFactory(typed, metadatainformer.NewSharedInformerFactory(objects, resync))
	started := make(chan struct{})

	pods := statefulset.NewStatefulSetController(ctx, typed.Core().V1().Pods(), typed.Apps().V1().StatefulSets(),
		typed.Core().V1().PersistentVolumeClaims(), typed.Apps().V1().ControllerRevisions(), client)
	namespaces := namespace.NewNamespaceController(ctx, client, objects,
		client.Discovery().ServerPreferredNamespacedResources, typed.Core().V1().Namespaces(), resync, core.FinalizerKubernetes)
	garbage, err := collector(ctx, config, client, objects, all, started)
	if err != nil {
		return err
	}
	all.Start(ctx.Done())
	close(started)
	go pods.Run(ctx, workers)
	go namespaces.Run(ctx, workers)
	go garbage.Run(ctx, workers, discoverEvery)
	go garbage.Sync(ctx, client.Discovery(), discoverEvery)
	<-ctx.Done()
	return nil
}

// collector is the garbage collector.
func collector(ctx context.Context, config *rest.Config, client kubernetes.Interface, objects metadata.Interface,
	all informerfactory.InformerFactory, started <-chan struct{}) (*garbagecollector.GarbageCollector, error) {
	known, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(known))
	return garbagecollector.NewGarbageCollector(ctx, client, objects, mapper,
		garbagecollector.DefaultIgnoredResources(), all, started)
}
