package main

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/juju/errors"
	"github.com/juju/names/v6"
	"github.com/juju/utils/v4/voyeur"

	"github.com/juju/juju/agent"
	"github.com/juju/juju/internal/worker/uniter"
)

// unitAgent is what the workers know as their agent: its agent.conf.
type unitAgent struct {
	tag     names.UnitTag
	changed *voyeur.Value

	mu   sync.Mutex
	conf agent.ConfigSetterWriter
}

// openAgent reads agent.conf, which is made of template-agent.conf at the first start, and links the hook tools.
func openAgent(opts *options) (*unitAgent, error) {
	template, err := agent.ReadConfig(filepath.Join(opts.dataDir, "template-agent.conf"))
	if err != nil {
		return nil, errors.Annotate(err, "reading template-agent.conf")
	}
	tag, ok := template.Tag().(names.UnitTag)
	if !ok {
		return nil, errors.Errorf("template-agent.conf is about %s, which is not a unit", template.Tag())
	}
	path := agent.ConfigPath(opts.dataDir, tag)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		if err := instantiate(template, path); err != nil {
			return nil, errors.Annotatef(err, "making %s", path)
		}
	}
	conf, err := agent.ReadConfig(path)
	if err != nil {
		return nil, errors.Annotatef(err, "reading %s", path)
	}
	if err := linkTools(opts, tag); err != nil {
		return nil, errors.Annotate(err, "linking the hook tools")
	}
	return &unitAgent{tag: tag, conf: conf, changed: voyeur.NewValue(true)}, nil
}

func instantiate(template agent.ConfigRenderer, path string) error {
	text, err := template.Render()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// linkTools makes the one link that the uniter does not make itself.
func linkTools(opts *options, tag names.UnitTag) error {
	tools := uniter.NewPaths(opts.dataDir, tag, nil).GetToolsDir()
	if err := os.RemoveAll(tools); err != nil {
		return err
	}
	if err := os.MkdirAll(tools, 0o755); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(opts.tools, "jujuc"), filepath.Join(tools, "jujuc"))
}

// CurrentConfig implements agent.Agent.
func (a *unitAgent) CurrentConfig() agent.Config {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conf.Clone()
}

// ChangeConfig implements agent.Agent.
func (a *unitAgent) ChangeConfig(mutate agent.ConfigMutator) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := mutate(a.conf); err != nil {
		return err
	}
	if err := a.conf.Write(); err != nil {
		return err
	}
	a.changed.Set(true)
	return nil
}
