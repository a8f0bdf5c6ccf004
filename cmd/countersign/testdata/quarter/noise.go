package quarter

import "time"

// signIns are most of every log: for each person and working day a session, its
// second factor, and single sign-on to applications; at Entra the same.
func (w *world) signIns() {
	for _, p := range w.people {
		for d := range 7 * w.Weeks {
			if p.places[d] == away || d >= p.leaves {
				continue
			}
			w.signsIn(p, d)
		}
	}
}

func (w *world) signsIn(p *person, d int) {
	t := w.within(w.day(d).Add(7*time.Hour), 2*time.Hour)
	ip := w.address(p, t)
	if w.often(0.3) { // the phone on its way to work
		w.entraSignIn(p, t.Add(-20*time.Minute), p.carrier+".9")
	}
	s := w.oktaBy(t, user(p), ip, "/idp/idx/identify")
	if w.often(0.05) {
		s.does("user.session.start", "User login to Okta", []entity{thing("AppInstance", "0oaDashboard00000000", "Okta Dashboard")}, failing("INVALID_CREDENTIALS"))
	}
	s.does("user.session.start", "User login to Okta", []entity{thing("AppInstance", "0oaDashboard00000000", "Okta Dashboard")})
	w.entraSignIn(p, t.Add(time.Minute), ip)
	for i := 2; i < w.Noise; i++ {
		s.at = w.within(w.day(d).Add(9*time.Hour), 8*time.Hour)
		switch i % 3 {
		case 0:
			w.entraSignIn(p, s.at, ip)
		case 1:
			s.does("user.authentication.sso", "User single sign on to app", []entity{thing("AppInstance", "0oaExpenses000000000", "Expenses"), user(p)})
		case 2:
			s.does("user.authentication.auth_via_mfa", "Authentication of user via MFA", []entity{user(p), w.factor("okta_verify", "Okta Verify push")})
		}
	}
}

// signIn is https://learn.microsoft.com/graph/api/resources/signin, as much of it as
// tells who was where.
type signIn struct {
	ID                      string       `json:"id"`
	CreatedDateTime         string       `json:"createdDateTime"`
	UserDisplayName         string       `json:"userDisplayName"`
	UserPrincipalName       string       `json:"userPrincipalName"`
	UserID                  string       `json:"userId"`
	AppDisplayName          string       `json:"appDisplayName"`
	IPAddress               string       `json:"ipAddress"`
	ClientAppUsed           string       `json:"clientAppUsed"`
	CorrelationID           string       `json:"correlationId"`
	ConditionalAccessStatus string       `json:"conditionalAccessStatus"`
	IsInteractive           bool         `json:"isInteractive"`
	ResourceDisplayName     string       `json:"resourceDisplayName"`
	Status                  signInStatus `json:"status"`
}

type signInStatus struct {
	ErrorCode     int     `json:"errorCode"`
	FailureReason *string `json:"failureReason"`
}

func (w *world) entraSignIn(p *person, t time.Time, ip string) {
	r := signIn{
		ID: w.guid(), CreatedDateTime: t.Format("2006-01-02T15:04:05Z"), UserDisplayName: p.name, UserPrincipalName: p.login, UserID: p.entra,
		AppDisplayName: "Office 365 Exchange Online", IPAddress: ip, ClientAppUsed: "Browser", CorrelationID: w.guid(), ConditionalAccessStatus: "success",
		IsInteractive: true, ResourceDisplayName: "Office 365 Exchange Online",
	}
	w.signins = append(w.signins, Record{ID: r.ID, At: t.Truncate(time.Second), JSON: encoded(r)})
}
