"""What is wrong with a scenario, or with a file that it names, is said in one line before anything is
sent."""

import scenarios
import traffic_test


class Mistakes(traffic_test.TrafficCase):
    # Files with something wrong in them, for the tables below.
    WRONG = {
        "t.eml": "From: {{sender}}\n\n{{name}}\n", "unknown.eml": "Subject: {{nme}}\n\n", "nul-t.eml": "A: b\0\n\n",
        "short.csv": "name,other\na,b\nc\n", "nul.csv": "name,other\na,b\0\n",
        "cut.mbox": "From a\nA: b\n\nc\n\nFrom b\nA: b\n\nc",
        "cut-line.mbox": "From a\nA: b\n\nc\n\nFrom b\nA: b\n\nc\n",
        "nul.eml": "A: b\n\nc\0d\n", "zero.eml": "", "nul.txt": "a@a.test\nb\0@b.test\n", "none.txt": "# nobody\n",
        "zero.csv": "address,weight\na@a.test,0\n", "short-weights.csv": "address,weight\na@a.test,1\nb@b.test\n",
        "zero-sizes.csv": "size,count\n1K,0\n", "short-sizes.csv": "size,count\n1K,1\n2K\n", "nul.pem": "x\0y"}

    # What a kind, or the senders, have, and what is said of it.
    WRONG_KINDS = (
        ('corpus = "nowhere"', "open %s/nowhere: No such file or directory"),
        ('corpus = "empty"', "no message is in %s/empty"),
        ('corpus = "zero.eml"', "%s/zero.eml is empty"),
        ('corpus = "cut.mbox"', "%s/cut.mbox, message 2 (at byte 16) is cut: its last line does not end"),
        ('corpus = "cut-line.mbox"', "%s/cut-line.mbox, message 2 (at byte 16) is cut: no empty line follows it"),
        ('corpus = "nul.eml"', "%s/nul.eml has a NUL in its line 3, which mail cannot have"),
        ('template = "nowhere.eml"', "open %s/nowhere.eml: No such file or directory"),
        ('template = "t.eml"\nfields = "nowhere.csv"', "open %s/nowhere.csv: No such file or directory"),
        ('template = "t.eml"\nfields = "short.csv"', "%s/short.csv:3: a row of 1 field, where 2 columns are named"),
        ('template = "t.eml"\nfields = "nul.csv"', "%s/nul.csv:2: a NUL"),
        ('histogram = "nowhere.csv"', "open %s/nowhere.csv: No such file or directory"),
        ('histogram = "zero-sizes.csv"', "%s/zero-sizes.csv: the weights sum to nothing"),
        ('histogram = "short-sizes.csv"', "%s/short-sizes.csv:3: a row of 1 field, where 2 columns are named"),
        ('size = "1K"\ndkim = { domain = "a.test", selector = "s", key = "nowhere.pem" }',
         "open %s/nowhere.pem: No such file or directory"),
        ('size = "1K"\ndkim = { domain = "a.test", selector = "s", key = "nul.pem" }',
         "%s/nul.pem: no private key for DKIM in it (PEM)"))
    WRONG_SENDERS = (
        ("nowhere.txt", "open %s/nowhere.txt: No such file or directory"),
        ("none.txt", "%s/none.txt: no address in it"),
        ("nul.txt", "%s/nul.txt:2: 'b\\x00@b.test' is no address"),
        ("zero.csv", "%s/zero.csv: the weights sum to nothing"),
        ("short-weights.csv", "%s/short-weights.csv:3: a row of 1 field, where 2 columns are named"))
    # What is wrong with a text has its place; a last line counts.
    WRONG_TEXTS = (
        ("[recipients]\ncount = { 1 = 0 }\n", "s.toml:2:9: the weights of count sum to nothing"),
        ("[recipients]\nlocal = 'a'\ndomains = { 'a.test' = 0, 'b.test' = 0 }\n",
         "s.toml:3:11: the weights of domains sum to nothing"),
        ("[[message]]\nname = 'a'\nsize = { '1K' = 0 }\n", "s.toml:3:8: the weights of size sum to nothing"),
        ("[[message]]\nname = 'a'\nweight = 0\nsize = '1K'\n", "s.toml:1:3: the weights of messages sum to nothing"),
        ("seed = 1\n[senders]\naddresses = 'a\0b'\n", "s.toml:3:15: Error while parsing literal string: "
         "control characters other than TAB (U+0009) are explicitly prohibited"),
        ("[[message]]\nname = 'a'\ntemplate = 'unknown.eml'\n", "unknown.eml:1:10: unknown field 'nme' "
         "(expected one of n, date, message_id, recipient, sender, random.word, random.number)"),
        ("[[message]]\nname = 'a'\ntemplate = 'nul-t.eml'\n", "nul-t.eml:1:5: a NUL"))

    def test_says_what_is_wrong_before_anything_is_sent(self):
        (self.scratch / "empty").mkdir()
        for name, text in self.WRONG.items():
            self.write(name, text)
        cases = [(f'[[message]]\nname = "a"\n{kind}\n', told) for kind, told in self.WRONG_KINDS]
        cases += [(f'[senders]\naddresses = "{name}"\n', told) for name, told in self.WRONG_SENDERS]
        for text, told in cases:
            with self.subTest(text=text):
                said = self.refused("--scenario", self.write("s.toml", text))
                self.assertEqual(said, f"smtp-source: fatal: {told % self.scratch}\n")
        for text, told in self.WRONG_TEXTS:
            with self.subTest(text=text):
                said = self.refused("--scenario", self.write("s.toml", text))
                name = told.partition(":")[0]
                self.assertEqual(said, f"{self.scratch}/{told}\n"
                                       f"smtp-source: fatal: 1 mistake in {self.scratch}/{name}\n")

    def test_says_what_does_not_go_together(self):
        for text, told in (("[[message]]\nname = 'a'\nsize = 'big'\n[foo]\n", "s.toml:4:"),
                           ("[session]\ntls = '80%'\n", "--starttls"),
                           ("[session]\nauth = '80%'\n", "--auth")):
            self.assertIn(told, self.refused("--scenario", self.write("s.toml", text)))
        path = self.write("s.toml", scenarios.MIXED)
        self.assertIn("what messages are", self.refused("--scenario", path, "-l", 5))
        self.assertIn("who messages are for", self.refused("--scenario", path, "-t", "a@b"))
