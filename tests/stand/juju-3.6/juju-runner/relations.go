package main

import (
	"encoding/json"
	"fmt"

	"github.com/juju/names/v5"

	"github.com/juju/juju/core/life"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/rpc/params"
)

// key is the relation as the controller writes it: who requires comes first.
func (c *controller) key(r *relation) string {
	ours, theirs := c.s.application()+":"+r.Endpoint, r.RemoteApp+":"+r.Endpoint
	if c.s.isPeer(r) {
		return ours
	}
	if _, provides := c.charm.Provides[r.Endpoint]; provides {
		return theirs + " " + ours
	}
	return ours + " " + theirs
}

func (c *controller) tag(r *relation) names.RelationTag { return names.NewRelationTag(c.key(r)) }

// tagged finds a relation by its tag.
func (c *controller) tagged(tag string) *relation {
	for _, r := range c.s.Relations {
		if c.tag(r).String() == tag {
			return r
		}
	}
	return nil
}

func (c *controller) relation(args json.RawMessage) (any, error) {
	var asked params.RelationUnits
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	r := c.tagged(asked.RelationUnits[0].Relation)
	if r == nil {
		return one(params.RelationResultV2{Error: denied}), nil
	}
	endpoint := c.charm.CombinedRelations()[r.Endpoint]
	return one(params.RelationResultV2{
		Life: life.Alive, Id: r.ID, Key: c.key(r),
		Endpoint: params.Endpoint{
			ApplicationName: c.s.application(),
			Relation:        params.NewCharmRelation(endpoint),
		},
		OtherApplication: params.RelatedApplicationDetails{ApplicationName: r.RemoteApp, ModelUUID: c.s.Model.UUID},
	}), nil
}

func (c *controller) localSettings(args json.RawMessage) (any, error) {
	var asked params.RelationUnits
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	r := c.tagged(asked.RelationUnits[0].Relation)
	return one(params.SettingsResult{Settings: params.Settings(r.LocalUnit)}), nil
}

func (c *controller) localApplicationSettings(args json.RawMessage) (any, error) {
	var asked params.RelationUnit
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	r := c.tagged(asked.Relation)
	if !c.s.Leader && !c.s.isPeer(r) {
		return params.SettingsResult{}, denied
	}
	return params.SettingsResult{Settings: params.Settings(r.LocalApp)}, nil
}

func (c *controller) remoteSettings(args json.RawMessage) (any, error) {
	var asked params.RelationUnitPairs
	if err := json.Unmarshal(args, &asked); err != nil {
		return nil, err
	}
	pair := asked.RelationUnitPairs[0]
	r := c.tagged(pair.Relation)
	tag, err := names.ParseTag(pair.RemoteUnit)
	if err != nil {
		return one(params.SettingsResult{Error: denied}), nil
	}
	name := tag.Id()
	if tag.Kind() == names.ApplicationTagKind {
		switch {
		case name == c.s.application() && c.s.isPeer(r):
			return one(params.SettingsResult{Settings: params.Settings(r.LocalApp)}), nil
		case name == r.RemoteApp:
			return one(params.SettingsResult{Settings: params.Settings(r.Remote)}), nil
		}
		return one(params.SettingsResult{Error: denied}), nil
	}
	if settings, known := r.Units[name]; known {
		return one(params.SettingsResult{Settings: params.Settings(settings)}), nil
	}
	application, _ := names.UnitApplication(name)
	if application != r.RemoteApp || name == c.s.Unit {
		return one(params.SettingsResult{Error: denied}), nil
	}
	return one(params.SettingsResult{Error: &params.Error{
		Message: fmt.Sprintf("cannot read settings for unit %q in relation %q: unit %[1]q: settings not found", name, c.key(r)),
		Code:    params.CodeNotFound,
	}}), nil
}

func parsePort(text string) (network.PortRange, error) { return network.ParsePortRange(text) }
