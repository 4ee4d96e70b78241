package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func (p *pod) hostsPath() string { return p.kubelet.opts.path("pods", p.name+".hosts") }

// writeHosts brings the hosts file of the stand, and that of every pod, up to date: it plays the cluster's DNS. The
// caller holds mu.
func (k *kubelet) writeHosts() {
	var names strings.Builder
	pods := k.all()
	for _, p := range pods {
		k.writeNames(&names, p)
	}
	k.writeHostsFile(k.opts.path("hosts"), "127.0.0.1 localhost\n"+names.String())
	for _, p := range pods {
		// Programs in different pods may listen on, and ask for, the same port of "localhost".
		k.writeHostsFile(p.hostsPath(), fmt.Sprintf("%s localhost\n%s %s\n%s", p.address, p.address, p.name, names.String()))
	}
}

// writeNames writes the DNS names of Services that lead to a pod. A Service of several pods has several lines, of which
// programs commonly take the first.
func (k *kubelet) writeNames(out *strings.Builder, p *pod) {
	for _, name := range slices.Sorted(maps.Keys(k.services)) {
		service := k.services[name]
		selects := len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(p.object.Labels))
		if !selects || p.phase == unscheduled || p.stopping {
			continue
		}
		var leading []string
		if service.Spec.ClusterIP == core.ClusterIPNone && p.object.Spec.Subdomain == name {
			leading = append(leading, p.name+"."+name)
		}
		if p.ready() || service.Spec.PublishNotReadyAddresses {
			leading = append(leading, name)
		}
		k.writeLine(out, p, leading)
	}
	// The charm of PostgreSQL makes this Service itself, of the pod that its database follows.
	if p.ordinal == 0 && p.ready() {
		k.writeLine(out, p, []string{p.application + "-primary"})
	}
}

func (k *kubelet) writeLine(out *strings.Builder, p *pod, names []string) {
	var all []string
	for _, name := range names {
		for _, suffix := range []string{"", "." + k.namespace, "." + k.namespace + ".svc", "." + k.namespace + ".svc.cluster.local"} {
			all = append(all, name+suffix)
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(out, "%s %s\n", p.address, strings.Join(all, " "))
	}
}

// writeHostsFile rewrites a file in place, because containers have it bound over their /etc/hosts. Writing before
// cutting means that a reader never finds it empty.
func (k *kubelet) writeHostsFile(path, text string) {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		if _, err = f.WriteString(text); err == nil {
			err = f.Truncate(int64(len(text)))
		}
		_ = f.Close()
	}
	if err != nil {
		k.log.Printf("writing %s: %v", path, err)
	}
}
