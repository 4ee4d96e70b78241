package main

import (
	"strconv"

	"github.com/juju/names/v5"
)

// bag is a databag, or the content of a secret.
type bag map[string]string

// state is what the controller knows of a unit.
type state struct {
	Unit           string         `json:"unit"`
	Leader         bool           `json:"leader"`
	Model          model          `json:"model"`
	Relations      []*relation    `json:"relations"`
	Secrets        []*secret      `json:"secrets"`
	Config         map[string]any `json:"config"`
	OpenedPorts    []string       `json:"opened_ports"`
	UnitStatus     unitStatus     `json:"unit_status"`
	AppStatus      unitStatus     `json:"app_status"`
	WorkloadVer    string         `json:"workload_version"`
	Stored         bag            `json:"stored"`
	Address        string         `json:"address"`
	ServiceAddress string         `json:"service_address"`
}

type model struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// unitStatus is the status of a unit or an application.
type unitStatus struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// relation is a relation from the unit's side.
type relation struct {
	ID        int            `json:"id"`
	Endpoint  string         `json:"endpoint"`
	RemoteApp string         `json:"remote_app"`
	LocalApp  bag            `json:"local_app_data"`
	LocalUnit bag            `json:"local_unit_data"`
	Remote    bag            `json:"remote_app_data"`
	Units     map[string]bag `json:"remote_units_data"`
}

// secret is a secret with all its revisions.
type secret struct {
	ID string `json:"id"`
	// Owner is "application", "unit" or "other".
	Owner string `json:"owner"`
	Label string `json:"label"`
	// ConsumerLabel is the label that our unit reads it by.
	ConsumerLabel *string        `json:"consumer_label"`
	Revisions     map[string]bag `json:"revisions"`
	// Tracked is the revision that our unit has read.
	Tracked *int `json:"tracked"`
	// Readable is whether somebody else's secret is granted to us.
	Readable bool `json:"readable"`
	// Grants are by relation: to a unit, or to the whole application.
	Grants      map[string]*string `json:"grants"`
	Description string             `json:"description"`
	Rotation    string             `json:"rotation"`
}

func (s *state) application() string {
	name, _ := names.UnitApplication(s.Unit)
	return name
}

func (s *state) isPeer(r *relation) bool { return r.RemoteApp == s.application() }

// secret finds one by its identifier.
func (s *state) secret(id string) *secret {
	for _, x := range s.Secrets {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// ownerTag is how the controller names the owner of one of our secrets.
func (s *state) ownerTag(x *secret) names.Tag {
	if x.Owner == "unit" {
		return names.NewUnitTag(s.Unit)
	}
	return names.NewApplicationTag(s.application())
}

// manages is whether our unit may change a secret.
func (s *state) manages(x *secret) bool {
	return x.Owner == "unit" || x.Owner == "application" && s.Leader
}

func (x *secret) newest() int {
	most := 0
	for text := range x.Revisions {
		if number, err := strconv.Atoi(text); err == nil && number > most {
			most = number
		}
	}
	return most
}

func (x *secret) content(revision int) bag { return x.Revisions[strconv.Itoa(revision)] }
