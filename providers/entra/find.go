package entra

import (
	"context"
	"strings"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkusers "github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Find finds an account by its user principal name, or by its mail address when
// no account has that name. It is NotFound when there is none, and a Conflict
// when several have the address: none of them is meant more than the others.
func (c *Client) Find(ctx context.Context, login string) (holds.Account, error) {
	if login == "" || len(login) > longest || login != providers.Plain(login, longest) {
		return holds.Account{}, holds.Refuse(holds.Invalid, "That is not a sign-in name.")
	}
	quoted := "'" + strings.ReplaceAll(login, "'", "''") + "'"
	all, err := list(ctx, c, need{"find an account by its sign-in name", "User.Read.All"}, func(ctx context.Context, next string) (sdkmodels.UserCollectionResponseable, error) {
		if next != "" {
			return c.users().WithUrl(next).Get(ctx, nil)
		}
		return c.users().Get(ctx, &sdkusers.UsersRequestBuilderGetRequestConfiguration{QueryParameters: &sdkusers.UsersRequestBuilderGetQueryParameters{
			Filter: ptr("userPrincipalName eq " + quoted + " or mail eq " + quoted),
			Select: []string{"id", "userPrincipalName", "displayName"},
		}})
	})
	if err != nil {
		return holds.Account{}, err
	}
	for _, u := range all {
		if u == nil || !isGUID(text(u.GetId())) {
			return holds.Account{}, odd("an account")
		}
		if strings.EqualFold(text(u.GetUserPrincipalName()), login) {
			return accountOf(u), nil
		}
	}
	switch len(all) {
	case 0:
		return holds.Account{}, holds.Refuse(holds.NotFound, "Microsoft Entra knows no account with this sign-in name.")
	case 1:
		return accountOf(all[0]), nil
	}
	return holds.Account{}, holds.Refuse(holds.Conflict, "Several accounts at Microsoft Entra have this address.")
}
