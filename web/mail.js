// What is in a message: header, text, HTML, attachments (MIME, RFC 2045 to 2047), of bytes that anybody may have
// sent. It makes no markup.
"use strict";

const mail = (() => {
  const deepest = 10;
  const most = 100;  // parts
  const longestField = 4000;

  // Bytes as a string of characters up to 255, in which patterns can be searched.
  const binary = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return text;
  };
  const decoded = (text, charset) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);  // a name that nobody knows
    }
  };

  const split = (text) => {
    const blank = /(^|\n)\r?\n/.exec(text);
    return blank ? [text.slice(0, blank.index), text.slice(blank.index + blank[0].length)] : [text, ""];
  };
  // The first of each name, unfolded.
  const fieldsOf = (head) => {
    const fields = new Map();
    for (const line of head.replace(/\r?\n(?=[ \t])/g, "").split(/\r?\n/)) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).trim().toLowerCase();
      if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1, colon + longestField).trim());
    }
    return fields;
  };
  // {value, parameters} of "text/plain; charset=utf-8".
  const parameterised = (field = "") => {
    const parameters = {};
    for (const [, name, value] of field.matchAll(/;\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)/g)) {
      parameters[name.toLowerCase()] ??= value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
    }
    return { value: field.split(";")[0].trim().toLowerCase(), parameters };
  };

  const fromBase64 = (text) => {
    const letters = text.replace(/[^A-Za-z0-9+/]/g, "");
    return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters);
  };
  const fromQuotedPrintable = (text) => text.replace(/=[ \t]*\r?\n/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const encodings = new Map([["base64", fromBase64], ["quoted-printable", fromQuotedPrintable]]);
  const shown = new Map([["text/plain", "text"], ["text/html", "html"]]);

  // What is between the lines of a boundary; what follows the last of them where it is not closed.
  const partsOf = (body, boundary) => {
    const parts = [];
    const text = `\n${body}`;
    const mark = `\n--${boundary}`;
    let from = -1;
    for (let at = text.indexOf(mark); at >= 0 && parts.length < most; at = text.indexOf(mark, at + mark.length)) {
      const end = /^(--)?[ \t]*(\r?\n|$)/.exec(text.slice(at + mark.length, at + mark.length + 80));
      if (!end) continue;
      if (from >= 0) parts.push(text.slice(from, at).replace(/\r$/, ""));
      from = end[1] ? -1 : at + mark.length + end[0].length;
      if (from < 0) break;
      at += end[0].length - 1;  // the line end may begin the next mark
    }
    if (from >= 0) parts.push(text.slice(from));
    return parts;
  };

  const walk = (text, found, depth) => {
    const [head, body] = split(text);
    const fields = fieldsOf(head);
    const { value: type, parameters } = parameterised(fields.get("content-type") || "text/plain");
    if (type.startsWith("multipart/") && parameters.boundary && depth < deepest) {
      for (const part of partsOf(body, parameters.boundary)) walk(part, found, depth + 1);
      return;
    }
    const disposition = parameterised(fields.get("content-disposition"));
    const content = (encodings.get(fields.get("content-transfer-encoding")?.toLowerCase()) ?? String)(body);
    const kind = shown.get(type);
    if (kind && disposition.value !== "attachment" && found[kind] === null) {
      found[kind] = decoded(content, parameters.charset ?? "utf-8");
    } else if (found.attachments.length < most) {
      found.attachments.push({ type, name: disposition.parameters.filename ?? parameters.name ?? "", size: content.length });
    }
  };

  // {header, text, html, attachments, source}, the first of each: as it came, or null where there is none.
  const read = (bytes) => {
    const text = binary(bytes);
    const found = { header: decoded(split(text)[0], "utf-8"), text: null, html: null, attachments: [], source: decoded(text, "utf-8") };
    walk(text, found, 0);
    return found;
  };

  return { read };
})();
