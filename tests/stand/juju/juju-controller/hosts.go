package main

import (
	"fmt"
	"os"
	"strings"
)

func (p *pod) hostsPath() string { return p.set.cluster.opts.path("pods", p.name+".hosts") }

// writeHosts brings the hosts file of the stand, and that of every pod, up to date. The caller holds mu.
func (c *cluster) writeHosts() {
	var services strings.Builder
	pods := c.pods()
	for _, p := range pods {
		writeNames(&services, p, c.opts.model)
	}
	c.writeHostsFile(c.opts.path("hosts"), "127.0.0.1 localhost\n"+services.String())
	for _, p := range pods {
		// Programs in different pods may listen on, and ask for, the same port of "localhost".
		c.writeHostsFile(p.hostsPath(), fmt.Sprintf("%s localhost\n%s %s\n%s", p.address, p.address, p.name, services.String()))
	}
}

// writeNames writes the DNS names that lead to a pod. A Service of several pods has several lines, of which programs
// commonly take the first.
func writeNames(out *strings.Builder, p *pod, model string) {
	qualified := func(names ...string) string {
		var all []string
		for _, name := range names {
			for _, suffix := range []string{"", "." + model, "." + model + ".svc", "." + model + ".svc.cluster.local"} {
				all = append(all, name+suffix)
			}
		}
		return strings.Join(all, " ")
	}
	// Juju's headless Service knows pods by name before they are ready.
	fmt.Fprintf(out, "%s %s\n", p.address, qualified(p.name+"."+p.set.name+"-endpoints"))
	if !p.ready || p.stopping {
		return
	}
	fmt.Fprintf(out, "%s %s\n", p.address, qualified(p.set.name, p.set.name+"-endpoints"))
	if p.ordinal == 0 {
		fmt.Fprintf(out, "%s %s\n", p.address, qualified(p.set.name+"-primary"))
	}
}

// writeHostsFile rewrites a file in place, because containers have it bound over their /etc/hosts. Writing before
// cutting means that a reader never finds it empty.
func (c *cluster) writeHostsFile(path, text string) {
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
		c.log.Printf("writing %s: %v", path, err)
	}
}
