package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/juju/charm/v12"
	"github.com/juju/errors"
	"github.com/juju/names/v5"

	"github.com/juju/juju/api/base"
	"github.com/juju/juju/core/life"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/rpc/params"
)

// controller answers the API from a state, and changes it as a controller would.
type controller struct {
	base.APICaller // nil: what is not answered below is not there
	s              *state
	// attached is the storage that the hook is about.
	attached string
	charm    *charm.Meta
	defaults charm.Settings
	requests []string
	action   *actionResult
	// reserved counts the identifiers of secrets that were given away.
	reserved int
}

func newController(r *run) (*controller, error) {
	folder := r.Charm
	c := &controller{s: r.State, defaults: charm.Settings{}, requests: []string{}}
	if r.Hook != nil {
		c.attached = r.Hook.Storage
	}
	file, err := os.Open(filepath.Join(folder, "metadata.yaml"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if c.charm, err = charm.ReadMeta(file); err != nil {
		return nil, err
	}
	options, err := os.Open(filepath.Join(folder, "config.yaml"))
	if os.IsNotExist(err) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer options.Close()
	config, err := charm.ReadConfig(options)
	if err != nil {
		return nil, err
	}
	c.defaults = config.DefaultSettings()
	return c, nil
}

func (c *controller) BestFacadeVersion(string) int { return 19 }
func (c *controller) Context() context.Context     { return context.Background() }

func (c *controller) ModelTag() (names.ModelTag, bool) {
	return names.NewModelTag(c.s.Model.UUID), true
}

// APICall implements base.APICaller. Everything takes the way through JSON that it takes to a controller.
func (c *controller) APICall(facade string, _ int, _, request string, args, response any) error {
	c.requests = append(c.requests, request)
	in, err := json.Marshal(args)
	if err != nil {
		return err
	}
	answer := methods[request]
	if answer == nil {
		return errors.NotImplementedf("%s.%s", facade, request)
	}
	result, err := answer(c, in)
	if err != nil {
		return err
	}
	out, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, response)
}

// method is one request of the API; its error is that of the request as a whole.
type method func(c *controller, args json.RawMessage) (any, error)

// methods are all requests that a hook can lead to here.
var methods map[string]method

func init() {
	methods = map[string]method{
		"APIAddresses":                 constant(params.StringsResult{Result: []string{"10.152.183.1:17070"}}),
		"ApplicationStatus":            (*controller).applicationStatus,
		"CloudAPIVersion":              constant(params.StringResult{Result: "1.34.0"}),
		"CommitHookChanges":            (*controller).commit,
		"ConfigSettings":               (*controller).configSettings,
		"CreateSecretURIs":             (*controller).createSecretURIs,
		"CurrentModel":                 (*controller).currentModel,
		"FinishActions":                (*controller).finishActions,
		"GetPrincipal":                 constant(one(params.StringBoolResult{})),
		"GetSecretBackendConfigs":      constant(params.SecretBackendConfigResults{}),
		"GetSecretContentInfo":         (*controller).secretContent,
		"GetSecretMetadata":            (*controller).secretMetadata,
		"GetSecretRevisionContentInfo": constant(one(params.SecretContentResult{})),
		"GoalStates":                   (*controller).goalStates,
		"Life":                         constant(one(params.LifeResult{Life: life.Alive})),
		"List":                         constant(map[string]any{}), // payloads
		"LogActionsMessages":           constant(one(params.ErrorResult{})),
		"ModelConfig":                  (*controller).modelConfig,
		"NetworkInfo":                  (*controller).networkInfo,
		"OpenedPortRangesByEndpoint":   (*controller).openedPorts,
		"OwnedSecretRevisions":         (*controller).ownedRevisions,
		"PublicAddress":                (*controller).publicAddress,
		"ReadLocalApplicationSettings": (*controller).localApplicationSettings,
		"ReadRemoteSettings":           (*controller).remoteSettings,
		"ReadSettings":                 (*controller).localSettings,
		"Refresh":                      constant(params.UnitRefreshResults{Results: []params.UnitRefreshResult{{Life: life.Alive}}}),
		"Relation":                     (*controller).relation,
		"SLALevel":                     constant(params.StringResult{Result: "unsupported"}),
		"SetAgentStatus":               constant(one(params.ErrorResult{})),
		"SetApplicationStatus":         (*controller).setApplicationStatus,
		"SetUnitStatus":                (*controller).setUnitStatus,
		"SetWorkloadVersion":           (*controller).setWorkloadVersion,
		"State":                        (*controller).unitState,
		"StorageAttachments":           (*controller).storage,
		"UnitStatus":                   (*controller).unitStatus,
		"UnitStorageAttachments":       constant(one(params.StorageAttachmentIdsResult{})),
		"WorkloadVersion":              (*controller).workloadVersion,
	}
}

func constant(answer any) method {
	return func(*controller, json.RawMessage) (any, error) { return answer, nil }
}

// one is a list of results with one in it.
func one(result any) any { return map[string]any{"results": []any{result}} }

var denied = &params.Error{Message: "permission denied", Code: params.CodeUnauthorized}

func (c *controller) currentModel(json.RawMessage) (any, error) {
	return params.ModelResult{Name: c.s.Model.Name, UUID: c.s.Model.UUID, Type: "caas"}, nil
}

func (c *controller) modelConfig(json.RawMessage) (any, error) {
	return params.ModelConfigResult{Config: map[string]any{
		"name": c.s.Model.Name, "uuid": c.s.Model.UUID, "type": "kubernetes",
		"juju-no-proxy": "127.0.0.1,localhost,::1",
	}}, nil
}

func (c *controller) configSettings(json.RawMessage) (any, error) {
	settings := params.ConfigSettings{}
	for name, value := range c.defaults {
		settings[name] = value
	}
	for name, value := range c.s.Config {
		settings[name] = value
	}
	return one(params.ConfigSettingsResult{Settings: settings}), nil
}

func (c *controller) setUnitStatus(args json.RawMessage) (any, error) {
	return c.setStatus(args, &c.s.UnitStatus)
}

func (c *controller) setApplicationStatus(args json.RawMessage) (any, error) {
	return c.setStatus(args, &c.s.AppStatus)
}

func (c *controller) setStatus(args json.RawMessage, into *unitStatus) (any, error) {
	var set params.SetStatus
	if err := json.Unmarshal(args, &set); err != nil {
		return nil, err
	}
	*into = unitStatus{set.Entities[0].Status, set.Entities[0].Info}
	return one(params.ErrorResult{}), nil
}

func (c *controller) unitStatus(json.RawMessage) (any, error) {
	return one(result(c.s.UnitStatus)), nil
}

func (c *controller) applicationStatus(json.RawMessage) (any, error) {
	units := map[string]params.StatusResult{c.s.Unit: result(c.s.UnitStatus)}
	for _, r := range c.s.Relations {
		if c.s.isPeer(r) {
			for unit := range r.Units {
				units[unit] = params.StatusResult{Status: status.Unknown.String()}
			}
		}
	}
	return one(params.ApplicationStatusResult{Application: result(c.s.AppStatus), Units: units}), nil
}

func (c *controller) setWorkloadVersion(args json.RawMessage) (any, error) {
	var set params.EntityWorkloadVersions
	if err := json.Unmarshal(args, &set); err != nil {
		return nil, err
	}
	c.s.WorkloadVer = set.Entities[0].WorkloadVersion
	return one(params.ErrorResult{}), nil
}

func (c *controller) workloadVersion(json.RawMessage) (any, error) {
	return one(params.StringResult{Result: c.s.WorkloadVer}), nil
}

func (c *controller) unitState(json.RawMessage) (any, error) {
	return one(params.UnitStateResult{CharmState: c.s.Stored}), nil
}

func (c *controller) publicAddress(json.RawMessage) (any, error) {
	if c.s.ServiceAddress == "" {
		return one(params.StringResult{Error: &params.Error{
			Message: fmt.Sprintf("%q has no public address set", c.s.Unit), Code: params.CodeNoAddressSet,
		}}), nil
	}
	return one(params.StringResult{Result: c.s.ServiceAddress}), nil
}

func (c *controller) openedPorts(json.RawMessage) (any, error) {
	ports := params.OpenUnitPortRangesByEndpoint{}
	for _, text := range c.s.OpenedPorts {
		port, err := parsePort(text)
		if err != nil {
			return nil, err
		}
		ports.PortRanges = append(ports.PortRanges, params.FromNetworkPortRange(port))
	}
	unit := names.NewUnitTag(c.s.Unit).String()
	return one(params.OpenPortRangesByEndpointResult{
		UnitPortRanges: map[string][]params.OpenUnitPortRangesByEndpoint{unit: {ports}},
	}), nil
}

func (c *controller) networkInfo(args json.RawMessage) (any, error) {
	var asked params.NetworkInfoParams
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	results := map[string]params.NetworkInfoResult{}
	for _, name := range asked.Endpoints {
		_, extra := c.charm.ExtraBindings[name]
		if _, known := c.charm.CombinedRelations()[name]; !known && !extra {
			results[name] = params.NetworkInfoResult{Error: &params.Error{
				Message: fmt.Sprintf("undefined for unit charm: endpoint %q not valid", name), Code: params.CodeNotValid,
			}}
			continue
		}
		var info params.NetworkInfoResult
		if c.s.Address != "" {
			info.Info = []params.NetworkInfo{{Addresses: []params.InterfaceAddress{{Address: c.s.Address}}}}
		}
		if c.s.ServiceAddress != "" {
			info.EgressSubnets = []string{c.s.ServiceAddress + "/32"}
			info.IngressAddresses = []string{c.s.ServiceAddress}
		}
		results[name] = info
	}
	return params.NetworkInfoResults{Results: results}, nil
}

func (c *controller) storage(args json.RawMessage) (any, error) {
	var asked params.StorageAttachmentIds
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	tag, err := names.ParseStorageTag(asked.Ids[0].StorageTag)
	if err != nil {
		return nil, err
	}
	if tag.Id() != c.attached {
		return one(params.StorageAttachmentResult{Error: notFound("storage attachment %s:%s", tag.Id(), c.s.Unit)}), nil
	}
	return one(params.StorageAttachmentResult{Result: params.StorageAttachment{
		StorageTag: tag.String(), OwnerTag: names.NewUnitTag(c.s.Unit).String(), UnitTag: names.NewUnitTag(c.s.Unit).String(),
		Kind: params.StorageKindFilesystem, Location: "/var/lib/juju/storage/" + tag.Id(), Life: life.Alive,
	}}), nil
}

func (c *controller) goalStates(json.RawMessage) (any, error) {
	units := params.UnitsGoalState{c.s.Unit: {Status: c.s.UnitStatus.Name}}
	relations := map[string]params.UnitsGoalState{}
	for _, r := range c.s.Relations {
		for unit := range r.Units {
			if c.s.isPeer(r) {
				units[unit] = params.GoalStateStatus{Status: "active"}
				continue
			}
			if relations[r.Endpoint] == nil {
				relations[r.Endpoint] = params.UnitsGoalState{}
			}
			relations[r.Endpoint][r.RemoteApp] = params.GoalStateStatus{Status: "joined"}
			relations[r.Endpoint][unit] = params.GoalStateStatus{Status: "active"}
		}
	}
	return one(params.GoalStateResult{Result: &params.GoalState{Units: units, Relations: relations}}), nil
}

func (c *controller) finishActions(args json.RawMessage) (any, error) {
	var finished params.ActionExecutionResults
	if err := json.Unmarshal(args, &finished); err != nil {
		return nil, err
	}
	end := finished.Results[0]
	c.action = &actionResult{Status: end.Status, Message: end.Message, Results: end.Results}
	return one(params.ErrorResult{}), nil
}

func result(s unitStatus) params.StatusResult {
	return params.StatusResult{Status: s.Name, Info: s.Message, Life: life.Alive, Data: map[string]any{}}
}
