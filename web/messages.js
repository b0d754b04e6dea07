// The last messages of a running sink: a list, and one of them opened. What a client sent is only ever text, or
// HTML within a frame in which nothing runs and for which nothing is fetched.
"use strict";

const messages = (() => {
  const { add, bytes, count, section } = drawing;
  const most = 50;
  const mostShown = 1 << 20;  // bytes of a content
  const mostRecipients = 1_000;  // shown of a message that is opened

  // What is not seen, or turns the direction of what follows, is shown by its number.
  const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => (character === "\n" || character === "\t" ? character : `\\u{${character.codePointAt(0).toString(16)}}`));
  // A Text of the API. What is no UTF-8 comes in base64.
  const said = (text) => visible(typeof text === "string" ? text : atob(text.base64)).replaceAll(/[\n\t]/g, " ");
  const clock = (time) => new Date(time).toLocaleTimeString("en-GB");
  const recipients = (message, most) => {
    const shown = message.recipients.slice(0, most).map(said);
    const rest = message.recipient_count - shown.length;
    return shown.join(", ") + (rest > 0 ? ` and ${count(rest)} more` : "");
  };
  const sender = (text) => said(text) || "<>";

  // --- one of them -------------------------------------------------------------------------------

  // The frame has no rights, and a policy of its own besides that of the page. But a browser connects ahead to
  // where it may be led, before it asks a policy: so what leads elsewhere, or could hide that, is taken out too.
  const elements = "script, link, meta, base, iframe, frame, object, embed, template, animate, set";
  const attributes = ["href", "xlink:href", "ping"];
  const beginning = '<!doctype html><meta charset="utf-8"><meta http-equiv="x-dns-prefetch-control" content="off">'
    + `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`
    + "<style>a { color: #1f6fb4; text-decoration: underline; }</style>";
  const elementsOfBeginning = 4;  // they are the first of the head
  const mostRounds = 5;

  // Whether anything had to be taken out.
  const clean = (parsed) => {
    const gone = parsed.querySelectorAll(elements);
    gone.forEach((element) => element.remove());
    const links = [...parsed.querySelectorAll("a, area")].filter((link) => attributes.some((name) => link.hasAttribute(name)));
    for (const link of links) {
      link.setAttribute("title", link.getAttribute("href") ?? "");
      attributes.forEach((name) => link.removeAttribute(name));
    }
    return gone.length + links.length > 0;
  };
  // HTML for the frame; null: there is none. What is written out may be read as something else than what it was
  // written of: so only that is given which was read as the frame will read it, and had nothing in it.
  const harmless = (html) => {
    for (let round = 0; round < mostRounds; ++round) {
      const text = beginning + html;
      const parsed = new DOMParser().parseFromString(text, "text/html");
      [...parsed.head.children].slice(0, elementsOfBeginning).forEach((element) => element.remove());
      if (!clean(parsed)) return text;
      html = parsed.documentElement.outerHTML;
    }
    return null;
  };
  const frameOf = (html) => {
    const text = harmless(html);
    if (text === null) {
      const told = document.createElement("p");
      told.textContent = "The HTML is not shown: it is written so that links come back when they are taken out of it.";
      return told;
    }
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "");
    frame.title = "HTML of the message";
    frame.referrerPolicy = "no-referrer";
    frame.srcdoc = text;
    return frame;
  };
  const textOf = (text) => {
    const shown = document.createElement("pre");
    shown.textContent = visible(text.replaceAll("\r\n", "\n"));
    shown.tabIndex = 0;  // scrolled by keys
    return shown;
  };

  const contentOf = async (id) => {
    const reader = (await sink.ask(`messages/${encodeURIComponent(id)}/raw`)).body.getReader();
    const whole = new Uint8Array(mostShown);
    let size = 0;
    while (size < mostShown) {
      const { value, done } = await reader.read();
      if (done) break;
      whole.set(value.subarray(0, mostShown - size), size);
      size += Math.min(value.length, mostShown - size);
    }
    await reader.cancel();
    return whole.subarray(0, size);
  };

  const dialog = document.body.appendChild(document.createElement("dialog"));
  // It is told of a moment later, when another one may be open.
  dialog.addEventListener("close", () => { if (!dialog.open) dialog.replaceChildren(); });

  const addViews = (message, parts) => {
    const views = [["Text", parts.text, textOf], ["HTML", parts.html, frameOf], ["Header", parts.header, textOf], ["Source", parts.source, textOf]];
    const choice = add(dialog, "div", "", "choice");
    const view = add(dialog, "div", "", "view");
    const buttons = views.filter(([, content]) => content !== null).map(([name, content, make]) => {
      const button = add(choice, "button", name);
      button.type = "button";
      button.addEventListener("click", () => {
        buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
        view.replaceChildren(make(content));
      });
      return button;
    });
    buttons[0].click();
    if (parts.attachments.length > 0) {
      const list = parts.attachments.map(({ name, type, size }) => `${visible(name) || "(no name)"} (${visible(type)}, ${bytes(size)})`);
      add(dialog, "p", `Attachments: ${list.join(", ")}`, "faint said");
    }
    if (message.size > mostShown) {
      add(dialog, "p", `This is the first ${bytes(mostShown)} of ${bytes(message.size)}; api/v1/messages/${message.id}/raw has all.`, "faint");
    }
  };

  const open = async (message) => {
    dialog.replaceChildren();
    const head = add(dialog, "header");
    const title = add(head, "h2", said(message.subject) || "(no subject)", "said");
    title.id = "title";
    dialog.setAttribute("aria-labelledby", title.id);
    const close = add(head, "button", "Close");
    close.type = "button";
    close.addEventListener("click", () => dialog.close());
    const facts = add(dialog, "dl");
    const fact = (name, text) => {
      if (text === "") return null;
      add(facts, "dt", name);
      return add(facts, "dd", text, "said");
    };
    const { client } = message;
    fact("from", `${sender(message.sender)} ${said(message.mail_parameters)}`);
    const to = fact("to", recipients(message, mostRecipients));
    fact("client", `${said(client.address)}${client.port ? ` port ${client.port}` : ""}, ${said(client.helo) || "no name"}${said(client.login) && `, user ${said(client.login)}`}`);
    fact("over", `${message.protocol}${message.tls ? `, ${message.tls.version}, ${message.tls.cipher}` : ""}, ${said(message.listener)}`);
    fact("taken", `${message.time.replace("T", " ").replace("Z", " UTC")}, ${count(message.size)} bytes`);
    dialog.showModal();
    try {
      if (message.recipients.length < message.recipient_count) {  // as told in an event
        to.textContent = recipients(await (await sink.ask(`messages/${encodeURIComponent(message.id)}`)).json(), mostRecipients);
      }
      const parts = mail.read(await contentOf(message.id));
      if (title.isConnected) addViews(message, parts);  // else another one is open, or none
    } catch (error) {
      if (title.isConnected) add(dialog, "p", `The content cannot be shown: ${error.message}.`, "warning");
    }
  };

  // --- the list ----------------------------------------------------------------------------------

  // Adds the section to the page. `add`s what an event has; `tell`s of what stats say of the store; can `forget` all.
  const list = () => {
    const part = section("Last messages");
    part.classList.add("messages");
    const tools = add(part, "p", "", "tools");
    const label = add(tools, "label");
    const hold = add(label, "input");
    hold.type = "checkbox";
    label.append("Hold the list");
    const note = add(tools, "span", "", "faint");
    const rows = add(part, "ul");
    const known = new Set();
    let waiting = [];
    let kept = 0;  // by the sink; the oldest of more rows than that are gone there

    const show = () => {
      if (hold.checked) return;
      for (const message of waiting.splice(0)) {
        if (known.has(message.id)) continue;  // told again over another connection
        known.add(message.id);
        const row = document.createElement("li");
        const button = add(row, "button");
        button.type = "button";
        add(button, "span", said(message.subject) || "(no subject)", "subject");
        add(button, "span", `${sender(message.sender)} to ${recipients(message, 3)}`, "envelope");
        add(button, "span", `${clock(message.time)}, ${bytes(message.size)}, ${said(message.client.address)}`, "faint");
        button.addEventListener("click", () => open(message));
        row.dataset.id = message.id;
        rows.prepend(row);
      }
      while (rows.children.length > Math.min(most, kept)) {
        known.delete(rows.lastChild.dataset.id);
        rows.lastChild.remove();
      }
    };
    const forget = () => {
      waiting = [];
      known.clear();
      rows.replaceChildren();
    };
    hold.addEventListener("change", show);
    return {
      add: (told) => {
        waiting = [...waiting, ...told.messages].slice(-most);
        kept = told.kept;
        show();
      },
      tell: (store) => {
        label.hidden = store === null;
        if (store === null) {
          note.textContent = "None are kept in memory: --store memory:N does that.";
          return;
        }
        kept = store.messages;
        if (kept === 0) forget();
        else show();
        const held = waiting.length > 0 ? `; ${count(waiting.length)} or more are new` : "";
        const here = store.messages > most ? `, the last ${most} here` : "";
        note.textContent = `${count(store.messages)} of at most ${count(store.most)} kept${here}${held}`;
      },
      forget,
    };
  };

  return { clock, list, said };
})();
