// How the page of a running sink asks it, and hears what happens there (doc/smtp-sink-api.json).
"use strict";

const sink = (() => {
  const silence = 10_000;  // milliseconds: stats come every second
  const pause = 2_000;
  const patience = 600_000;  // from when the connection was lost
  const stored = "millrace token";  // gone with the tab

  let token = sessionStorage.getItem(stored) ?? "";
  let connected = false;
  const setToken = (text) => {
    token = text;
    sessionStorage.setItem(stored, text);
  };

  // What it refuses becomes an Error with its sentence and status.
  const ask = async (path, options = {}) => {
    const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(`api/v1/${path}`, { ...options, headers }).catch((error) => {
      throw options.signal?.aborted ? error : new Error("there is no connection to the sink");
    });
    if (response.ok) return response;
    const told = await response.json().catch(() => ({}));
    const sentence = [told.error ?? `status ${response.status}`, ...(told.mistakes ?? [])].join("; ");
    throw Object.assign(new Error(sentence), { status: response.status });
  };

  // Hands events on until the connection ends; fails where there is none, or nothing comes any more.
  const listen = async (take) => {
    const end = new AbortController();
    let limit;
    const heard = () => {
      clearTimeout(limit);
      limit = setTimeout(() => end.abort(), silence);
    };
    heard();
    try {
      const response = await ask("events", { signal: end.signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let name = "";
      for (let line = []; ;) {  // in pieces, as it came: each is looked through once
        const { value, done } = await reader.read();
        if (done) return;
        heard();
        const [end, ...begins] = value.split("\n");
        line.push(end);
        for (const begin of begins) {
          const [, field, text] = /^(event|data): (.*)$/s.exec(line.join("")) ?? [];
          line = [begin];
          if (field === "event") name = text;
          if (field !== "data") continue;
          try {
            take(name, JSON.parse(text));
          } catch (error) {
            reportError(error);  // is none of the connection
          }
        }
      }
    } finally {
      clearTimeout(limit);
    }
  };

  // Without the token: whoever has the port now, when the sink is gone, shall not get it.
  const greet = async () => {
    const response = await fetch("healthz", { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(silence) });
    if (!response.ok || await response.text() !== "ok\n") throw new Error("this is no sink");
  };

  // take(name, data) for each event; lost(sentence) when there is no connection, before the next try; wantToken(wrong),
  // which gives one, where none or a wrong one was shown. Ends when there was no connection for ten minutes, and
  // the token is forgotten then: the port may be another's.
  const watch = async ({ take, lost, wantToken }) => {
    let since = null;  // when it was lost
    const hear = async () => {
      await greet();
      connected = true;
      try {
        await listen((...event) => {
          since = null;
          take(...event);
        });
      } finally {
        connected = false;
      }
    };
    while (since === null || Date.now() - since < patience) {
      try {
        await hear();
        lost("The sink has closed the connection.");
      } catch (error) {
        if (error.status === 401) {
          setToken(await wantToken(token !== ""));
          since = null;
          continue;
        }
        lost(error.status ? `The sink says: ${error.message}.` : "There is no connection to the sink.");
      }
      since ??= Date.now();
      await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
    setToken("");
  };
  const askConnected = async (...request) => {
    if (!connected) throw new Error("there is no connection to the sink");
    return ask(...request);
  };

  return { ask: askConnected, watch };
})();
