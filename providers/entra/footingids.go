package entra

import (
	"context"
	"slices"
	"strings"
	"time"

	sdkapps "github.com/microsoftgraph/msgraph-sdk-go/applications"
	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkservices "github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	"github.com/countersign/countersign/holds"
)

// microsoftTenants own the service principals of Microsoft's own applications
// (https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in).
func microsoftTenants() []string {
	return []string{"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"}
}

// knowEvery is how long what was learnt of principals is good: an application of
// a service's name may be made at any time.
const knowEvery = 10 * time.Minute

// know learns the ids under which records name our own application, and which
// principals are services of Microsoft's and which only have their names. A
// missing permission leaves the names, which the events then say. Only an outage
// that comes before anything was learnt is an error; later ones leave what is
// known.
func (c *Client) know(ctx context.Context) error {
	c.mu.Lock()
	first := c.knew.IsZero()
	fresh := !first && c.opt.Now().Sub(c.knew) < knowEvery
	c.mu.Unlock()
	if fresh {
		return nil
	}
	own, err := c.ownIDs(ctx)
	if err == nil {
		c.dec.SetOwnAccounts(append(own, c.ownAccounts()...))
		var microsofts, found, others []string
		if microsofts, found, others, err = c.platformIDs(ctx); err == nil {
			c.dec.SetPlatformPrincipals(microsofts, found, others)
		}
	}
	switch {
	case err != nil && first && holds.KindOf(err) == holds.Unavailable:
		return err
	case err != nil:
		// The log is read all the same: an event with a doubt is better than none.
		c.log.Warn("whose applications act cannot be read; Microsoft's services and our own application are told by the names and ids at hand", "error", err)
	}
	c.mu.Lock()
	c.knew = c.opt.Now()
	c.mu.Unlock()
	return nil
}

// ownAccounts are the ids that the configuration names.
func (c *Client) ownAccounts() []string {
	return append(slices.Clone(c.opt.OwnAccounts), c.opt.ClientID)
}

// ownIDs are the object ids of our application and of its service principal.
func (c *Client) ownIDs(ctx context.Context) ([]string, error) {
	apps, err := list(ctx, c, need{"read which application is ours", "Application.Read.All"}, func(ctx context.Context, next string) (sdkmodels.ApplicationCollectionResponseable, error) {
		b := sdkapps.NewApplicationsRequestBuilderInternal(c.base(), c.graph)
		if next != "" {
			return b.WithUrl(next).Get(ctx, nil)
		}
		return b.Get(ctx, &sdkapps.ApplicationsRequestBuilderGetRequestConfiguration{QueryParameters: &sdkapps.ApplicationsRequestBuilderGetQueryParameters{
			Filter: ptr("appId eq '" + c.opt.ClientID + "'"), Select: []string{"id", "appId"},
		}})
	})
	if err != nil {
		return nil, err
	}
	principals, err := c.principals(ctx, "appId eq '"+c.opt.ClientID+"'")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range apps {
		if a != nil && strings.EqualFold(text(a.GetAppId()), c.opt.ClientID) {
			out = append(out, text(a.GetId()))
		}
	}
	for _, p := range principals {
		if p != nil && strings.EqualFold(text(p.GetAppId()), c.opt.ClientID) {
			out = append(out, text(p.GetId()))
		}
	}
	return out, nil
}

// platformIDs sorts the principals that have the name of a service of Microsoft's
// by whether they are Microsoft's; names are those that one of Microsoft's has.
func (c *Client) platformIDs(ctx context.Context) (microsofts, names, others []string, err error) {
	for _, name := range platformServices() {
		found, err := c.principals(ctx, "displayName eq '"+name+"'")
		if err != nil {
			return nil, nil, nil, err
		}
		for _, p := range found {
			switch {
			case p == nil || !isGUID(text(p.GetId())):
			case p.GetAppOwnerOrganizationId() != nil && slices.Contains(microsoftTenants(), strings.ToLower(p.GetAppOwnerOrganizationId().String())):
				microsofts = append(microsofts, text(p.GetId()))
				names = append(names, name)
			default:
				others = append(others, text(p.GetId()))
			}
		}
	}
	return microsofts, names, others, nil
}

func (c *Client) principals(ctx context.Context, filter string) ([]sdkmodels.ServicePrincipalable, error) {
	return list(ctx, c, need{"read which applications act in the tenant", "Application.Read.All"}, func(ctx context.Context, next string) (sdkmodels.ServicePrincipalCollectionResponseable, error) {
		b := sdkservices.NewServicePrincipalsRequestBuilderInternal(c.base(), c.graph)
		if next != "" {
			return b.WithUrl(next).Get(ctx, nil)
		}
		return b.Get(ctx, &sdkservices.ServicePrincipalsRequestBuilderGetRequestConfiguration{QueryParameters: &sdkservices.ServicePrincipalsRequestBuilderGetQueryParameters{
			Filter: ptr(filter), Select: []string{"id", "appId", "displayName", "appOwnerOrganizationId"},
		}})
	})
}
