package main

import (
	"log/slog"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/ownerlink"
)

// links makes the addresses in messages and opens them again: a signed one for
// owners, the console's hold page for people on duty.
type links struct {
	minter  *ownerlink.Minter
	public  string
	console func() string
	log     *slog.Logger
}

// Link is the address in a notice; empty when it cannot be made, which fails
// the attempt.
func (l links) Link(n holds.Notice) string {
	if n.Audience == holds.ToDuty {
		return l.console() + "/holds/" + string(n.Hold)
	}
	token, err := l.minter.Mint(ownerlink.Claim{
		Tenant: string(n.Tenant), Hold: string(n.Hold), Notice: string(n.ID), Step: ownerlink.StepView, Expires: n.Expires,
	})
	if err != nil {
		l.log.Error("an owner's link could not be made", "notice", n.ID, "error", err)
		return ""
	}
	return strings.TrimRight(l.public, "/") + "/o/" + token
}

// Code is the code in a notice.
func (l links) Code(n holds.Notice) string { return l.minter.Code(string(n.ID)) }

// Matches checks a typed code.
func (l links) Matches(n holds.NoticeID, typed string) bool {
	return l.minter.CodeMatches(string(n), typed)
}

// Open reads an owner's link. Every refusal looks the same from outside.
func (l links) Open(token string, now time.Time) (holds.TenantID, holds.NoticeID, error) {
	claim, err := l.minter.Open(token, ownerlink.StepView, now)
	if err != nil {
		l.log.Info("an owner's link was refused", "why", err)
		return "", "", holds.Because(holds.NotFound, err, "%s", err.Error())
	}
	return holds.TenantID(claim.Tenant), holds.NoticeID(claim.Notice), nil
}
