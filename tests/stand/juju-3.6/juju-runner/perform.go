package main

import (
	"fmt"
	"strings"

	"github.com/juju/charm/v12/hooks"
	"github.com/juju/clock"
	"github.com/juju/loggo"
	"github.com/juju/names/v5"
	"gopkg.in/httprequest.v1"

	"github.com/juju/juju/api/agent/secretsmanager"
	"github.com/juju/juju/api/agent/uniter"
	"github.com/juju/juju/internal/worker/uniter/hook"
	"github.com/juju/juju/internal/worker/uniter/runner"
	runnercontext "github.com/juju/juju/internal/worker/uniter/runner/context"
	"github.com/juju/juju/secrets"
)

// hookInfo is what a hook is about.
type hookInfo struct {
	// Kind is the hook's name without that of its subject, "relation-changed".
	Kind           string `json:"kind"`
	Relation       int    `json:"relation"`
	RemoteUnit     string `json:"remote_unit"`
	RemoteApp      string `json:"remote_app"`
	DepartingUnit  string `json:"departing_unit"`
	Workload       string `json:"workload"`
	Check          string `json:"check"`
	Notice         string `json:"notice"`
	Secret         string `json:"secret"`
	SecretRevision int    `json:"secret_revision"`
	SecretLabel    string `json:"secret_label"`
	Storage        string `json:"storage"`
}

// action is an action to run.
type action struct {
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters"`
}

// actionResult is what became of an action.
type actionResult struct {
	Status  string         `json:"status"`
	Message string         `json:"message"`
	Results map[string]any `json:"results"`
}

// hookContext adds variables to the environment of hooks.
type hookContext struct {
	runnercontext.Context
	variables []string
}

// HookVars implements runnercontext.Context.
func (c hookContext) HookVars(p runnercontext.Paths, remote bool, env runnercontext.Environmenter) ([]string, error) {
	vars, err := c.Context.HookVars(p, remote, env)
	return append(vars, c.variables...), err
}

// perform runs the hook or action to its end, flush included. Errors are this program's, not the charm's.
func (r *run) perform(base string) (*outcome, error) {
	api, err := newController(r)
	if err != nil {
		return nil, err
	}
	where := paths{base, r.Charm}
	contexts, err := contextFactory(api, where)
	if err != nil {
		return nil, err
	}
	var variables []string
	for name, value := range r.Variables {
		variables = append(variables, name+"="+value)
	}
	factory, err := runner.NewFactory(where, contexts,
		func(c runnercontext.Context, p runnercontext.Paths, exec runner.ExecFunc, options ...runner.Option) runner.Runner {
			return runner.NewRunner(hookContext{c, variables}, p, exec, options...)
		}, nil)
	if err != nil {
		return nil, err
	}
	if r.Action != nil {
		err = r.Action.run(factory)
	} else {
		err = r.Hook.run(factory, r.State)
	}
	out := &outcome{State: r.State, Action: api.action, Requests: api.requests}
	if err != nil {
		out.Error = err.Error()
	}
	return out, nil
}

func (a *action) run(factory runner.Factory) error {
	action := uniter.NewAction("14", a.Name, a.Parameters, false, "")
	run, err := factory.NewActionRunner(action, make(chan struct{}))
	if err != nil {
		return err
	}
	_, err = run.RunAction(a.Name)
	return err
}

func (h *hookInfo) run(factory runner.Factory, s *state) error {
	info := hook.Info{
		Kind: hooks.Kind(h.Kind), RelationId: h.Relation, RemoteUnit: h.RemoteUnit, RemoteApplication: h.RemoteApp,
		DepartingUnit: h.DepartingUnit, WorkloadName: h.Workload, CheckName: h.Check, NoticeKey: h.Notice,
		SecretURI: h.Secret, SecretRevision: h.SecretRevision, SecretLabel: h.SecretLabel, StorageId: h.Storage,
	}
	if h.Notice != "" {
		info.NoticeID, info.NoticeType = "12", "custom"
	}
	name := h.Kind
	switch {
	case info.Kind.IsRelation():
		for _, r := range s.Relations {
			if r.ID == h.Relation {
				name = r.Endpoint + "-" + h.Kind
			}
		}
	case info.Kind.IsWorkload():
		name = h.Workload + "-" + h.Kind
	case info.Kind.IsStorage():
		name = strings.Split(h.Storage, "/")[0] + "-" + h.Kind
	}
	run, err := factory.NewHookRunner(info)
	if err != nil {
		return fmt.Errorf("preparing the hook: %w", err)
	}
	_, err = run.RunHook(name)
	return err
}

func contextFactory(api *controller, where paths) (runnercontext.ContextFactory, error) {
	tag := names.NewUnitTag(api.s.Unit)
	st := uniter.NewState(api, tag)
	unit, err := st.Unit(tag)
	if err != nil {
		return nil, err
	}
	resources, err := uniter.NewResourcesFacadeClient(withHTTP{api}, tag)
	if err != nil {
		return nil, err
	}
	infos := map[int]*runnercontext.RelationInfo{}
	for _, r := range api.s.Relations {
		relation, err := st.Relation(api.tag(r))
		if err != nil {
			return nil, err
		}
		ru, err := relation.Unit(tag)
		if err != nil {
			return nil, err
		}
		var members []string
		for name := range r.Units {
			members = append(members, name)
		}
		infos[r.ID] = &runnercontext.RelationInfo{
			RelationUnit: &runnercontext.RelationUnitShim{RelationUnit: ru}, MemberNames: members,
		}
	}
	manager := secretsmanager.NewClient(api)
	return runnercontext.NewContextFactory(runnercontext.FactoryConfig{
		State: st, Unit: unit, Resources: resources, Payloads: uniter.NewPayloadFacadeClient(api),
		SecretsClient:        manager,
		SecretsBackendGetter: func() (secrets.BackendsClient, error) { return secrets.NewClient(manager) },
		Tracker:              tracker{api.s}, Paths: where, Clock: clock.WallClock,
		Logger:           loggo.GetLogger("juju.worker.uniter"),
		GetRelationInfos: func() map[int]*runnercontext.RelationInfo { return infos },
	})
}

// withHTTP has no resources to download.
type withHTTP struct{ *controller }

func (withHTTP) HTTPClient() (*httprequest.Client, error) { return &httprequest.Client{}, nil }
