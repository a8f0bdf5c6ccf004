package pgstore

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

func pointPlace(tenant string, point uuid.UUID) []byte {
	return place("contact_points.value", tenant, point.String())
}

// Person reads one person with accounts and contact points; not found if there
// is none, or none any more.
func (s *Store) Person(ctx context.Context, tenant holds.TenantID, person holds.PersonID) (p holds.Person, err error) {
	err = s.inTenant(ctx, tenant, "read a person", func(t *tx) error {
		people, err := t.people(ctx, []holds.PersonID{person}, false)
		if err != nil {
			return err
		}
		found, ok := people[person]
		if !ok {
			return holds.Refuse(holds.NotFound, "There is no such person in the directory.")
		}
		p = found
		return nil
	})
	return p, err
}

// PersonOf finds the person an account belongs to; not found if none.
func (s *Store) PersonOf(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (p holds.Person, err error) {
	err = s.inTenant(ctx, tenant, "find the person of an account", func(t *tx) error {
		row, err := t.GetPersonOf(ctx, pgdb.GetPersonOfParams{TenantID: string(tenant), ConnectionID: string(conn), AccountID: safeKey(account)})
		if err != nil {
			return err
		}
		people, err := t.people(ctx, []holds.PersonID{holds.PersonID(row.PersonID)}, false)
		p = people[holds.PersonID(row.PersonID)]
		return err
	})
	return p, err
}

// People lists a tenant's directory in the order of ids.
func (s *Store) People(ctx context.Context, tenant holds.TenantID) (out []holds.Person, err error) {
	err = s.inTenant(ctx, tenant, "read the directory", func(t *tx) error {
		rows, err := t.ListPeople(ctx, string(tenant))
		if err != nil {
			return err
		}
		ids := make([]holds.PersonID, 0, len(rows))
		for _, row := range rows {
			ids = append(ids, holds.PersonID(row.PersonID))
		}
		people, err := t.people(ctx, ids, false)
		out = make([]holds.Person, 0, len(people))
		for _, p := range ids {
			if person, ok := people[p]; ok {
				out = append(out, person)
			}
		}
		return err
	})
	return out, err
}

// people reads persons by id, their contact points in clear. Those who left the
// directory come only when gone is asked for, without any contact points.
func (t *tx) people(ctx context.Context, ids []holds.PersonID, gone bool) (map[holds.PersonID]holds.Person, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(p holds.PersonID) bool { return p == "" })
	out := map[holds.PersonID]holds.Person{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := t.ListPeopleByID(ctx, pgdb.ListPeopleByIDParams{TenantID: string(t.tenant), PersonIds: names(ids)})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if !row.RemovedAt.Valid || gone {
			out[holds.PersonID(row.PersonID)] = holds.Person{
				ID: holds.PersonID(row.PersonID), Tenant: t.tenant, Name: row.Name, Belonging: holds.Belonging(row.Belonging),
				Manager: holds.PersonID(row.ManagerID), Department: row.Department,
			}
		}
	}
	if err := t.addAccounts(ctx, out, ids); err != nil {
		return nil, err
	}
	return out, t.addPoints(ctx, out, ids)
}

func (t *tx) addAccounts(ctx context.Context, people map[holds.PersonID]holds.Person, ids []holds.PersonID) error {
	rows, err := t.ListAccounts(ctx, pgdb.ListAccountsParams{TenantID: string(t.tenant), PersonIds: names(ids)})
	for _, row := range rows {
		if p, ok := people[holds.PersonID(row.PersonID)]; ok {
			p.Accounts = append(p.Accounts, holds.PersonAccount{Connection: holds.ConnectionID(row.ConnectionID), Account: row.AccountID})
			people[p.ID] = p
		}
	}
	return err
}

func (t *tx) addPoints(ctx context.Context, people map[holds.PersonID]holds.Person, ids []holds.PersonID) error {
	rows, err := t.ListPoints(ctx, pgdb.ListPointsParams{TenantID: string(t.tenant), PersonIds: names(ids)})
	if err != nil {
		return err
	}
	for _, row := range rows {
		p, ok := people[holds.PersonID(row.PersonID)]
		if !ok {
			continue
		}
		value, err := t.store.keys.open(row.Value, pointPlace(row.TenantID, row.PointID))
		if err != nil {
			return err
		}
		p.Points = append(p.Points, holds.ContactPoint{
			ID: row.PointID.String(), Person: p.ID, Kind: holds.PointKind(row.Kind), Value: string(value), Source: row.Source,
			Recorded: fromNull(row.OnFileAt), Within: holds.ConnectionID(row.WithinID), Shared: row.Shared,
		})
		people[p.ID] = p
	}
	return nil
}
