package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// uuid is a random one.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime stops the program first
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// signIn is a delivery of one event that means nothing: it is stored and judged, and
// nothing comes of it.
func (w *world) signIn() []byte {
	return w.envelope(0, "user.session.start", "User login to Okta", 0, "")
}

// reset is a delivery of one event that is held: an administrator took all factors
// of an account away.
func (w *world) reset(account int) []byte {
	return w.envelope(w.connectionOf(account), "user.mfa.factor.reset_all", "Reset all factors for user", account, accountID(account))
}

// envelope is a delivery of Okta's hook of 2.4 kB with one event, each by another
// actor.
func (w *world) envelope(connection int, kind, message string, n int, account string) []byte {
	target := "null"
	if account != "" {
		target = fmt.Sprintf(`[{"id":"%s","type":"User","alternateId":"%s","displayName":"Person %d","detailEntry":null}]`, account, login(n), n)
	}
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	body := fmt.Sprintf(`{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","cloudEventsVersion":"0.1","source":"%s/api/v1/eventHooks/who000000000000000000","eventId":"%s","eventTime":"%s","contentType":"application/json",`+
		`"data":{"events":[{"uuid":"%s","published":"%s","eventType":"%s","version":"0","displayMessage":"%s","severity":"INFO","legacyEventType":"core.user.event",`+
		`"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","os":"Windows 11","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"203.0.113.%d","geographicalContext":{"city":"Bergen","state":"Vestland","country":"Norway","postalCode":"5003","geolocation":{"lat":60.3913,"lon":5.3221}}},`+
		`"device":null,"actor":{"id":"00uActor%012d","type":"User","alternateId":"actor%d@nordwind.example","displayName":"Actor %d","detailEntry":null},"outcome":{"result":"SUCCESS","reason":null},"target":%s,`+
		`"transaction":{"type":"WEB","id":"%s","detail":{}},"debugContext":{"debugData":{"requestUri":"/api/v1/users/lifecycle","requestId":"%s","padding":"`,
		w.watch.urls[connection], uuid(), at, uuid(), at, kind, message, n%250, n, n, n, target, uuid(), uuid())
	end := `"}},"authenticationContext":{"authenticationStep":0,"externalSessionId":"idxAbCdEfGhIjKlMnOpQrStUv"},"securityContext":{"isProxy":false},"request":{"ipChain":[]}}]}}`
	return []byte(body + strings.Repeat("x", max(0, bodySize-len(body)-len(end))) + end)
}

// bodySize is how long a delivery is, in bytes.
const bodySize = 2400

// door is where a connection's hook delivers.
func (w *world) door(connection int) string {
	return "http://" + w.public + "/hooks/okta/" + connectionID(connection)
}

// newClient makes requests over as many connections as there are clients.
func newClient(clients int) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}}
}

// deliver posts a body and returns the status of the answer.
func deliver(c *http.Client, url, secret string, body []byte) (int, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", secret)
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
