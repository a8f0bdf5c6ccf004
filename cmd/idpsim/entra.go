package main

import (
	"fmt"
	"os"

	"github.com/countersign/countersign/providers/entra/entrasim"
)

// EntraReady is what a client of the Entra simulator needs.
type EntraReady struct {
	URL          string           `json:"url"` // of Microsoft Graph and of the login endpoint
	TenantID     string           `json:"tenantID"`
	ClientID     string           `json:"clientID,omitempty"`     // Countersign's application
	ClientSecret string           `json:"clientSecret,omitempty"` // its newest client secret
	Principal    string           `json:"principal,omitempty"`    // its service principal's object id
	Company      entrasim.Company `json:"company"`
}

// newDirectory starts the directory of a file, or the small company's.
func newDirectory(file string) (*entrasim.Sim, error) {
	company := entrasim.SmallCompany()
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the directory's company: %w", err)
		}
		if company, err = entrasim.ReadCompany(data); err != nil {
			return nil, err
		}
	}
	return entrasim.New(entrasim.Options{Company: company})
}

func readyEntra(sim *entrasim.Sim, url string) EntraReady {
	c := sim.Company()
	out := EntraReady{URL: url, TenantID: c.TenantID, ClientID: c.OwnApp, ClientSecret: sim.ClientSecret(c.OwnApp), Company: c}
	for _, p := range c.Principals {
		if p.AppID == c.OwnApp {
			out.Principal = p.ID
		}
	}
	return out
}
