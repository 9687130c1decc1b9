#!/usr/bin/env python3
"""Writes the corpus that fuzzing starts from: small documents of our own, one of each kind and oddity.

  tests/fuzz/make_corpus.py LAB     LAB: the program baton-lab, which makes the pending exports

Files named found-* were found by fuzzing, are kept as they are and replayed by every build.
"""
import base64
import gzip
import json
import pathlib
import struct
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENTRA = "b891884f-051e-4a83-95af-2544101c9083"
MARK16 = b"\xff\xfe"


def utf16(text):
    return MARK16 + text.encode("utf-16-le")


XML = {
    "plain": b"<a/>",
    "texts": "<a b=\"c &amp; d\" e='&#x20BB7;'>x<f>y</f>\u00fc<![CDATA[<raw>]]><!-- no --><?pi no?></a>".encode(),
    "declared-wrong": b"<?xml version=\"1.0\" encoding=\"utf-16\"?><a>bytes decide</a>",
    "mark8": b"\xef\xbb\xbf<a>\r\n<b/>\r\n</a>\r\n",
    "mark16": utf16("<?xml version=\"1.0\" encoding=\"utf-16\"?><a>\U00020bb7</a>"),
    "mark16-big": b"\xfe\xff" + "<a>x</a>".encode("utf-16-be"),
    "deep": b"<a>" * 63 + b"</a>" * 63,
    "too-deep": b"<a>" * 70,
    "bomb": b"<!DOCTYPE a [<!ENTITY b \"cccc\"><!ENTITY d \"&b;&b;\">]><a>&d;</a>",
    "cut": b"<a><b c=\"d",
    "nul": b"<a>\0</a>",
    "half-letter": b"<a>\xc3</a>",
    "two-roots": b"<a/><b/>",
    "prefix": b"<x:a xmlns:x=\"urn:x\" x:b=\"1\"/>",
}

CONNECTOR = f"""<ma-data>
 <format-version>1</format-version><id>{{AE4DB4CC-0E7B-4ABD-A3A8-0F4A5F4A4B10}}</id><name>corp.example</name>
 <category>AD</category><creation-time>2026-01-01 00:00:00</creation-time><version>7</version>
 <private-configuration><adma-configuration><forest-name>corp.example</forest-name><forest-login-user>MSOL_1</forest-login-user>
 <password-hash-sync-config><enabled>1</enabled><target>{ENTRA}</target></password-hash-sync-config></adma-configuration>
 </private-configuration>
 <attribute-inclusion><attribute>mail</attribute><attribute>cn</attribute></attribute-inclusion>
 <ma-partition-data><partition><id>{{1}}</id><name>DC=corp,DC=example</name><selected>1</selected><filter>
 <object-classes><object-class>user</object-class><object-class>group</object-class></object-classes>
 <containers><exclusions><exclusion>DC=corp,DC=example</exclusion></exclusions>
 <inclusions><inclusion>OU=People,DC=corp,DC=example</inclusion></inclusions></containers></filter></partition></ma-partition-data>
 <ma-run-data><run-configuration><id>{{2}}</id><name>Export</name><configuration><step><step-type type="export"/>
 <threshold><object>500</object><batch-size>0</batch-size><delete>10</delete></threshold><partition>{{1}}</partition></step>
 </configuration></run-configuration></ma-run-data>
 <password-sync/><encrypted-attributes>secret</encrypted-attributes>
</ma-data>"""
RULE = """<synchronizationRule><id>{3}</id><name>Out to AAD - User Join</name><immutable-tag>Microsoft.OutToAADUserJoin.007</immutable-tag>
 <direction>Outbound</direction><disabled>False</disabled><connector>{b891884f-051e-4a83-95af-2544101c9083}</connector>
 <sourceObjectType>person</sourceObjectType><targetObjectType>user</targetObjectType><linkType>Provision</linkType><precedence>102</precedence>
 <EnablePasswordSync>true</EnablePasswordSync>
 <attribute-mappings><mapping><dest>mail</dest><src><attr>mail</attr></src><expression>Trim([mail])</expression>
 <valueMergeType>Update</valueMergeType></mapping></attribute-mappings>
 <relationshipCriteria><conditions><condition><csAttribute>sourceAnchor</csAttribute><ilmAttribute>sourceAnchor</ilmAttribute>
 <caseSensitive>true</caseSensitive></condition></conditions></relationshipCriteria>
 <synchronizationCriteria><conditions><scope><csAttribute>cloudFiltered</csAttribute><csOperator>NOTEQUAL</csOperator><csValue>True</csValue>
 </scope></conditions></synchronizationCriteria></synchronizationRule>"""
SETTINGS = """<saved-mv-configuration server='SYNC01' export-date='2026-02-01 10:00:00'><!--WARNING> careful </WARNING--><mv-data>
 <parameter-values><parameter name="Microsoft.Synchronize.StagingMode" type="boolean" use="optional" dataType="x">True</parameter>
 <parameter name="secret" type="encrypted-string" use="x" dataType="y">abc</parameter>
 <parameter name="Microsoft.SynchronizationOption.AnchorAttribute" type="string">mS-DS-ConsistencyGuid</parameter>
 <parameter name="empty" type="string"/></parameter-values></mv-data></saved-mv-configuration>"""
FIM = "<saved-ma-configuration server='OLD' export-date='2014-07-01 09:00:00'>\r\n" + CONNECTOR.replace(
    "</ma-data>", "<export-attribute-flow><export-flow-set cd-object-type=\"user\" mv-object-type=\"person\">"
    "<export-flow cd-attribute=\"mail\" id=\"{5}\" suppress-deletions=\"false\"><direct-mapping><src-attribute>mail</src-attribute>"
    "</direct-mapping></export-flow></export-flow-set></export-attribute-flow></ma-data>") + "</saved-ma-configuration>"
CLOUD = f"""<ma-data><id>{{{ENTRA.upper()}}}</id><name>contoso.onmicrosoft.com - AAD</name><category>Extensible2</category>
 <subtype>Windows Azure Active Directory (Microsoft)</subtype><ma-partition-data><partition><id>{{4}}</id><name>default</name>
 <selected>1</selected><filter><object-classes><object-class>user</object-class></object-classes><containers><inclusions><inclusion/>
 </inclusions></containers></filter></partition></ma-partition-data></ma-data>"""
CONFIG = {"connector": CONNECTOR.encode(), "cloud": CLOUD.encode(), "connector-16": utf16(CONNECTOR), "rule": RULE.encode(), "settings": SETTINGS.encode(),
          "fim": FIM.encode(), "empty": b"<ma-data/>", "other-root": b"<configuration/>"}

MIGRATED = {"policyMetadata": {"type": "migration", "azureADConnectVersion": "1.6.16.0"},
            "deploymentMetadata": {"hostName": "SYNC01", "connectorIds": ["{A-1}", "e-1"]}}

POLICY = {
    "policyMetadata": {"productVersion": "2.5.79.0"}, "deploymentMetadata": {"hostName": "SYNC02"},
    "onpremisesDirectoryPolicy": [{
        "uniqueIdentifier": "{A-1}", "friendlyName": "corp", "fullyQualifiedDomainName": "corp.example",
        "partitionFilters": [{"distinguishedName": "DC=corp,DC=example", "containerInclusions": ["OU=a,DC=corp,DC=example"],
                              "containerExclusions": ["DC=corp,DC=example"]}],
        "customSynchronizationRules": [{
            "Name": "mail", "direction": "Inbound", "linkType": "Join", "precedence": 90, "uniqueIdentifier": "x",
            "scopeFilters": [{"attribute": "mail", "condition": "ISNOTNULL", "value": ""}],
            "attributeMappings": [{"source": ["mail"], "destination": "mail"}]}],
        "standardSynchronizationRules": [{"name": "In from AD - User Join", "immutableTag": "Microsoft.InfromADUserJoin.007", "precedence": 100}]}],
    "azureDirectoryPolicy": {"uniqueIdentifier": ENTRA, "friendlyName": "contoso - AAD"}}

STEP = {"StepNumber": 1, "StepResult": "success", "ExportAdd": 1, "ExportUpdate": 2, "ExportDelete": 0}
RUN = {"ConnectorId": ENTRA, "ConnectorName": "contoso - AAD", "RunProfileName": "Export", "RunNumber": 7, "IsRunComplete": True,
       "Result": "success", "StartDate": "/Date(1649391053843)/", "EndDate": "2026-03-10T18:48:01.1234567Z", "RunStepResults": [STEP]}
POWERSHELL = {
    "one": json.dumps(RUN).replace("/", "\\/").encode(), "many": json.dumps([RUN, dict(RUN, Result="stopped-server-down")]).encode(),
    "empty": b"", "null": b"null", "scalar": b"\"Disabled\"", "error": b"Get-X : The term 'Get-X' is not recognized\r\nAt line:1",
    "mark16": utf16(json.dumps(RUN)), "folded": b"{\"a\":\"@{b=c; d=e}\",\"f\":\"cut...\",\"g\":null,\"h\":\"7.00:00:00\"}",
    "timespan": b"{\"I\":{\"Ticks\":18000000000,\"Days\":0}}", "twice": b"{\"a\":1,\"a\":2}", "deep": b"[" * 3000, "cut": b"[{\"a\":",
}

COUNTERS = "".join(f"<export-{n} detail=\"false\">{i}</export-{n}>" for i, n in enumerate(("add", "update", "rename", "delete", "delete-add")))
HISTORY = f"""<?xml version="1.0" encoding="utf-16"?>
<run-history><run-details><ma-id>{{{ENTRA.upper()}}}</ma-id><ma-name>contoso - AAD</ma-name><run-number>2590</run-number>
<run-profile-name>Export</run-profile-name><security-id>CONTOSO\\svc</security-id>
<step-details step-number="2" step-id="{{2}}"><start-date>2026-02-01 10:00:05.123</start-date><end-date>2026-02-01 10:00:09.000</end-date>
<step-result>completed-export-errors</step-result><step-description><step-type type="export"/><partition>default</partition>
</step-description><current-export-step-counter>7</current-export-step-counter><ma-connection><connection-result>success</connection-result>
<server>x</server></ma-connection><ma-discovery-errors/><synchronization-errors><export-error cs-guid="{{3}}" dn="CN={{49}}">
<date-occurred>2026-02-01 10:00:06.000</date-occurred><retry-count>1</retry-count><error-type>ma-extension-error</error-type><cd-error>
<error-code>0x80230703</error-code><error-literal>at Lab.Run&lt;&gt;c()
  at Lab.Next()</error-literal></cd-error></export-error></synchronization-errors><export-counters>{COUNTERS}</export-counters></step-details>
<step-details step-number="1" step-id="{{1}}"><start-date>2026-02-01 10:00:00.000</start-date><end-date>2026-02-01 10:00:05.000</end-date>
<step-result>success</step-result><step-description><step-type type="full-import"><import-subtype>to-cs</import-subtype></step-type>
</step-description><staging-counters><stage-add>3</stage-add></staging-counters></step-details></run-details></run-history>"""
RUNS = {"xml": HISTORY.encode(), "xml-16": utf16(HISTORY), "xml-twice": (HISTORY + HISTORY).encode(), "xml-cut": HISTORY.encode()[:900],
        "xml-empty": b"<run-history/>", "xml-spaces": b"<run-history> <run-details> </run-details> </run-history>"}

SCHEDULER = """
AllowedSyncCycleInterval            : 00:30:00
CustomizedSyncCycleInterval         :
NextSyncCyclePolicyType             : Delta
NextSyncCycleStartTimeInUTC         : 05.01.2026 20:28:37
PurgeRunHistoryInterval             : 7.00:00:00
SyncCycleEnabled                    : True
StagingModeEnabled                  : False
SchedulerSuspended                  : Falsch
"""
CONNECTORS = """PS C:\\> Get-ADSyncConnector | ft

Name                 Partitions SubType                      Parameters
----                 ---------- -------                      ----------
corp.example - Größe          2                              {name.user.String.True, other...
contoso - AAD                 1 Windows Azure Active Dire…

"""
LISTING = {
    "list": SCHEDULER.encode(), "mark16": utf16(SCHEDULER.replace("\n", "\r\n")), "table": CONNECTORS.encode(),
    "two": (SCHEDULER + SCHEDULER).encode(), "word": b"\r\nEnabled\r\n", "folded": b"A : @{b=c}\nD : {e, f...}\n",
    "wrapped": b"Attributes : one,two,th\n             ree,four\nB          : x\n", "touching": b"A   B\n-   -\nxxxxxxx\n",
    "error": b"Get-X : nothing\nAt line:1 char:1\n    + FullyQualifiedErrorId : X\n", "nul": b"A : \0", "latin": b"A : \xfc\n",
    "cut": SCHEDULER[:120].encode(),
}
TRACE = """[23:59:58.000] [  1] [INFO ] Application starting
[23:59:58.010] [  1] [INFO ] Start Time (Local): Wed, 01 Jul 2026 23:59:58 GMT
[23:59:58.010] [  1] [INFO ] Start Time (UTC): Wed, 01 Jul 2026 21:59:58 GMT
[23:59:58.020] [ 1] [INFO ] Application Version: 2.5.79.0
[23:59:59.100] [  1] [INFO ] DirSync not detected. Looking for an older engine.
[23:59:59.200] [  1] [INFO ] Product Azure AD Sync Engine (version 2.0.1.0) is installed, needs to be upgraded to version 2.5.79.0.
[00:00:03.000] [  1] [INFO ] Page transition from "Tasks" [TasksPageViewModel] to "Staging" [StagingModePageViewModel]
[00:00:05.000] [ 12] [ERROR] Sign-in of user anna.berg@contoso.example failed (AADSTS50079): password=Sommer Regen
Exception Data (Raw): System.Exception: CN=Anna Berg,OU=People,DC=contoso,DC=example
Parameter name: anna
   at Lab.Place()
[ 12] [WARN ] 'C:\\\\Users\\\\Anna Berg\\\\x.xml' of tenant 0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0
   was not read on server SYNCSERVER (10.0.0.5)
[00:00:07.000] [  1] [INFO ] the page: result of installation operations - Failed
""".replace("\\\\", "\\")
TRACES = {
    "whole": TRACE.encode(), "mark16": utf16(TRACE.replace("\n", "\r\n")), "mark8": b"\xef\xbb\xbf" + TRACE.encode(),
    "behind-each-other": TRACE.encode() + utf16(TRACE), "latin": TRACE.replace("Anna", "J\xf6rg").encode("latin-1"),
    "middle": TRACE[300:].encode(), "cut": TRACE[:500].encode(), "nul": TRACE[:200].encode() + b"\0" + TRACE[200:].encode(),
    "other": b"<x>no record</x>\n", "level": b"[10:00:00.000] [ 1] [NOTE] x\n[99:00:00.000] [ 1] [ERROR] y\n",
}
YAML = {
    "preset": b"preset: parity\n", "rules": b"preset: parallel-upgrade\nrules:\n  - rule: EX-DELETES\n    count: 5\n    percent: 1\n"
    b"    severity: review\n    second_person: true\nattributes: [mail, title]\nrows_may_leave: true\n",
    "unknown": b"preset: parity\nfly: 1\n", "anchor": b"a: &x [1]\nb: *x\n", "twice": b"preset: parity\npreset: parity\n",
    "bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n", "document": b"--- {preset: parity}\n...\n",
}
DNS = {"plain": "OU=Sales, dc=Contoso,DC=com", "escapes": r'CN=Costa\, Bruno \"x\" \23,OU=R\+D', "conflict": r"CN=Twin\0ACNF:1f,DC=x",
       "quoted": 'O="a, b",C=DE', "entra": "CN={49483470}", "many": "CN=a+SN=b,DC=c", "hex": "1.2.3=#0401ff,DC=x", "none": "default",
       "letters": "OU=ÄÖÜ Σ Ж,DC=x"}
OBSERVED = {"some": b'{"os.build": 20348, "proxy.machine": null, "sql.edition": "express", "memory.mb": 16384, "tls.hosts": ["a", "b"]}',
            "none": b"{}", "list": b"[1]", "error": POWERSHELL["error"], "twice": b'{"os.build": 1, "os.build": 2}', "cut": b'{"os.build":',
            "census": json.dumps({"machine.name": "NEW", "ad.sync_accounts": [f"running on computer {n} configured to synchronize to t" for n in (
                "'NEW'", "AADC7", "'A", "")]}).encode(),
            "strange": b'{"os.build": -1e308, "memory.mb": "lots", "cpu.mhz": {"a": 1}, "os.core": []}'}
CHECK = {"id": "PRE-A", "side": "both", "what": "w", "where": "r", "rules": [{"observe": "os.build", "at_least": 17763}],
         "otherwise": "block", "unknown": "review", "fix": "f", "source": "s"}
UTF = {"plain": b"x", "mark8": b"\xef\xbb\xbfx", "mark16": utf16("xü\U00020bb7"), "lone": MARK16 + b"\x00\xd8x\0", "odd": MARK16 + b"x",
       "big": b"\xfe\xff\0x", "nul": b"a\0b"}


def pack(files):
    out = b"BCP1"
    for name, content in sorted(files.items()):
        out += struct.pack(">H", len(name)) + name.encode() + struct.pack(">Q", len(content)) + content
    return out


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def dispositions():
    entry = {"row": "00" * 32, "kind": "accepted", "who": "anna", "reason": "known", "made": "2026-03-01T00:00:00Z", "key": "00" * 32,
             "bytes": base64.b64encode(bytes(80)).decode(), "signature": "00" * 64}
    whole = {"format": "baton/dispositions/1", "dispositions": [entry]}
    return {"one": json.dumps(whole).encode(), "none": json.dumps(dict(whole, dispositions=[])).encode(),
            "other": b"{\"format\":\"x\"}", "cut": b"{\"format\":"}


def exports(lab):
    def make(*options):
        return subprocess.run([lab, "generate", "exports", *options], stdout=subprocess.PIPE, check=True).stdout

    files = {f"operation-{name}": make("--objects", "1", "--operations", name, "--seed", "5")
             for name in ("add", "update", "delete", "rename", "delete-add", "replace", "none", "obsolete")}
    files |= {f"oddity-{name}": make("--objects", "2", "--oddities", name, "--seed", "8", "--layout", "one-line")
              for name in ("conflicts", "escapes", "pairs", "references", "anchors", "bare", "repeated", "imports", "errors", "missing")}
    files["crlf"] = make("--objects", "1", "--layout", "crlf")
    files["mark16"] = make("--objects", "1", "--encoding", "utf-16le")
    files["empty"] = make("--objects", "0")
    files["other-root"] = b"<objects/>"
    return files


def object_rows():
    """docs/formats.md "Object rows": unpacked, as the target packs them itself."""
    def text(t):
        raw = t.encode()
        return struct.pack(">H", len(raw)) + raw

    def row(operation, rules, attributes=(), left_out=0, dn="CN=Anna,OU=CORP,DC=contoso,DC=com"):
        return (struct.pack(">BI", operation, rules) + text("user") + text(dn) + text("YWJj") + text("Anna")
                + struct.pack(">IB", left_out, len(attributes)) + b"".join(bytes([kind]) + text(name) for kind, name in attributes))

    def document(*rows, count=None):
        return (b"BOR1" + bytes(range(128)) + struct.pack(">QQB", 1700000000000, 3, 2) + text("EX-DELETES") + text("EX-UPDATES")
                + struct.pack(">I", len(rows) if count is None else count) + b"".join(rows))

    whole = document(row(3, 1), row(2, 2, [(1, "mail"), (2, "title")]))
    return {"whole": whole, "none": document(), "cut": whole[:-3], "more-than-said": document(row(3, 1), row(3, 1), count=1),
            "no-such-rule": document(row(3, 4)), "control": document(row(3, 1, dn="CN=a\nb")), "no-rule": document(row(3, 0)),
            "attributes-left-out": document(row(2, 2, [(1, "a")] * 64, left_out=9)), "far-too-many": document(count=0xffffffff)}


def member_lives():
    """Events of three bytes: what (its high bit: to the new server), a detail, how an order is distorted."""
    old, new, far = 0x00, 0x80, 0x80 # in the detail of a FENCE the high bit names the old server

    def both(what, detail=0, how=0):
        return bytes([old | what, detail, how, new | what, detail, how])

    adopted, settle = both(0) + both(15), both(15) * 3
    released = adopted + both(1, 1) + settle + both(3, 7) + settle
    granted = released + bytes([new | 4, 1, 0])
    clicked = granted + bytes([14, 0, 0, 14, 1, 0]) + bytes([new | 9, 0, 0])
    exported = clicked + bytes([new | 12, 2, 0]) + both(15)
    back = released + both(1, far | 2) + settle + both(3, 8) + settle + bytes([old | 4, 1, 0]) + both(15)
    return {"adopted": adopted, "released": released, "granted": granted, "clicked": clicked, "exported": exported, "returned": back,
            "retired": exported + bytes([old | 8, 0, 0]), "expired": granted + bytes([new | 12, 6, 0]) + both(15),
            "booted": granted + both(12, 0) + both(11) + both(12, 1) + both(15), "attested": adopted + both(1, 1) + settle + bytes([old | 12, 0xe3, 0, new | 3, 7, 0])
            + both(15) + bytes([new | 5, 1, 0, 14, 0, 0, 14, 1, 0, new | 9, 0, 0]),
            "reverted": adopted + bytes([12, 4, 0]) + both(1, 1) + settle + bytes([12, 4, 0]) + both(15) + bytes([6, 0, 0]) + both(1, 2) + settle + both(3, 9) + settle,
            "shown": released + both(7) + settle, "disarmed": released + both(6, 1) + settle, "again": exported + both(2, 3) + both(15),
            **{f"distorted-{how}": released + bytes([new | 4, 1, 0xc0 | how, new | 1, 4, 0xc0 | how]) + both(15) for how in range(16)}}


def tenant_stories():
    """A first byte for the kind of tenant, then events of two bytes and what their kind reads beside."""
    work, night, restart, restore = bytes([0, 0]), bytes([2, 200]), bytes([3, 0]), bytes([4, 0])

    def passing(times, ms=1200):
        return bytes([1, ms // 200]) * times

    def steps(count):
        return (work + passing(2)) * count

    def create(profile):
        return bytes([15, profile])

    begin = b"\0" + create(1)
    cut_old, uncut_old, quarantine_old, dead_old = bytes([18, 0]), bytes([19, 0]), bytes([20, 0]), bytes([23, 0])
    lies = b"".join(bytes([24 | side, 0, kind, flags, 5, 3, 0, 0]) for side in (0, 32) for kind in range(13) for flags in (0x41, 0x43, 0x0b))
    verbs = b"".join(bytes([8, verb, 0]) for verb in range(40))
    return {"straight": begin + steps(40), "swing": b"\1" + steps(40), "dead-source": b"\0" + create(5) + steps(20),
            "nights": begin + (steps(4) + night) * 8, "restarts": begin + (steps(6) + restart) * 6,
            "restored": begin + steps(10) + restore + steps(14) + restore + steps(10),
            "cut": begin + steps(14) + cut_old + steps(4) + night + uncut_old + steps(8),
            "quarantined": begin + steps(12) + quarantine_old + steps(4) + bytes([22, 2]) + steps(8),
            "attested": begin + steps(12) + dead_old + passing(4) + bytes([11, 0, 11, 2]) + steps(6) + passing(4),
            "verbs": begin + steps(9) + verbs, "early-verbs": begin + verbs, "lies": begin + steps(11) + lies,
            "approvals": begin + steps(8) + b"".join(bytes([10, verb, 16, how]) for verb in range(10) for how in (0, 4, 8, 64, 132)),
            "findings": begin + steps(7) + bytes([7 | 32, 7, 14, 3, 14, 11]) + steps(6)}


def proofs():
    return {"of-a-tree": bytes([0, 20, 7, 11, 0]), "longer": bytes([0, 63, 62, 40, 1]) + bytes(32), "shorter": bytes([0, 63, 40, 13, 2, 1, 2, 0, 5, 3, 1]),
            "one-leaf": bytes([0, 0, 0, 0]), "of-bytes": bytes([1, 3]) + struct.pack(">QQ", 5, 7) + bytes(range(160)),
            "far": bytes([1, 64]) + struct.pack(">QQ", 2**63 - 1, 2**63) + bytes(64), "frontier": b"\2" + struct.pack(">Q", 5) + bytes(64),
            "frontier-cut": b"\2" + struct.pack(">Q", 7) + bytes(64), "frontier-none": b"\2" + bytes(8)}


def bundles():
    """Behind the first byte: entries of an honest bundle that are changed (which, how, where, what), or with 0 bytes alone."""
    some = {f"entry-{how}-{n}": bytes([1, n, how, 3, 1]) for how in range(1, 8) for n in (0, 1, 9, 30, 200)}
    return {"honest": b"\1", "magic": b"\0BTNAUD01", "none": b"\0", "end": b"\0BTNAUD01\7" + struct.pack(">I", 0), **some}


def databases():
    """A first byte for whose file and what lies beside it, then changes of five bytes: how, page, two for where, what."""
    places = [(0, 0, 18), (0, 1, 24), (1, 0, 100), (1, 1, 3900), (2, 1, 0), (3, 2, 512), (4, 0, 100), (5, 0, 56), (5, 0, 16), (3, 0, 0)]
    edits = {f"{how}-{page}-{at}": bytes([how, page]) + struct.pack(">H", at) + b"\xff" for how, page, at in places}
    out = {f"{who}-{name}": bytes([n]) + edit for n, who in enumerate(("controller", "agent")) for name, edit in edits.items()}
    dead = [(0, 0, 20), (0, 1, 30), (3, 0, 0), (3, 1, 0), (3, 9, 24), (1, 4, 2000), (2, 6, 0), (4, 2, 9), (5, 0, 8), (0, 3, 24)]
    out |= {f"dead-{how}-{page}-{at}": b"\x10" + bytes([how, page]) + struct.pack(">H", at) + b"\x07" for how, page, at in dead}
    return {**out, "dead": b"\x10", "controller": b"\0", "agent": b"\1", "text": b"\2SQLite format 3\0", "other": b"\3no database", "empty": b"\2",
            "journal": b"\x09" + bytes([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]) + bytes(504), "log": b"\4" + struct.pack(">II", 0x377f0682, 3007000) + bytes(60)}


INI = {"whole": b"[bus]\nlisten = tcp://10.0.0.5:7400\nadvertise = tcp://controller.example:7400 ; a name\n[api]\nlisten = [::1]:7443\n[log]\nlevel = debug\n",
       "none": b"", "mark": b"\xef\xbb\xbf[log]\r\nlevel = warn\r\n", "twice": b"[log]\nlevel=info\nlevel=info\n", "unknown": b"[log]\ncolour=red\n",
       "port": b"[api]\nlisten = 127.0.0.1:99999\n", "everywhere": b"[bus]\nlisten = tcp://*:7400\n", "long": b"[log]\nlevel = " + b"x" * 400 + b"\n",
       "no-section": b"level = info\n", "nul": b"[log]\nlevel = in\0fo\n", "open": b"[log\nlevel = info\n"}
SETUP = b"""[controller]
address = tcp://controller.example:7400
proxy = http://proxy.example:3128
sign-key = %s
curve-key = %s
[trust]
root = %s
[agent]
tenant = 0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0
name = OLD01
host = windows
""" % (b"a1" * 32, b"b2" * 32, b"c3" * 32)
SETUPS = {"whole": SETUP, "lab": SETUP.replace(b"windows", b"lab:/tmp/x"), "no-name": SETUP.replace(b"name = OLD01\n", b""),
          "short-key": SETUP.replace(b"a1a1", b"a1"), "no-proxy": SETUP.replace(b"proxy = http://proxy.example:3128\n", b""),
          "tenant": SETUP.replace(b"0f1e2d3c", b"xxxxxxxx"), "cut": SETUP[:200], "zero": SETUP.replace(b"c3" * 32, b"00" * 32)}


def questions():
    """ZAP: version, request, domain, address, identity, mechanism, key."""
    def ask(*parts):
        return b"".join(bytes([len(p)]) + p for p in parts)

    good = [b"1.0", b"7", b"baton", b"10.0.0.5", b"", b"CURVE", b"k" * 32]
    other = {"version": (0, b"1.1"), "domain": (2, b"global"), "mechanism": (5, b"PLAIN"), "stranger": (6, b"x" * 32), "short-key": (6, b"k" * 31), "address": (3, b"a" * 255)}
    return {"good": ask(*good), "short": ask(*good[:6]), "long": ask(*good, b""), "one": ask(b"1.0"), "empty": ask(b""), "many": ask(*[b"x"] * 12),
            **{name: ask(*good[:at], part, *good[at + 1:]) for name, (at, part) in other.items()}}


def command_lines():
    lines = ("cutover show contoso", "cutover go contoso --yes", "--output json tenant list", "cutover abandon contoso --reason gone --output=table",
             "agent token contoso NEW --role new", "exports analyze a b --against c --scope 10", "policy check f --preset parity", "help", "cutover --help",
             "cutover sohw contoso", "tenant", "-x", "--output", "audit verify x --", "-- cutover show", "config compare a b --policy p --output html", "fsm", "")
    return {f"line-{n}": b"\0".join(word.encode() for word in line.split(" ")) for n, line in enumerate(lines)}


def evidences():
    """Whose and of which kind, as fuzz_evidence.c reads them; then each fact and each word of it changed alone."""
    kinds = {"stopped": 0x02, "staged": 0x05, "removed": 0x0a, "staged-old": 0x06, "way-back": 0x01}
    facts = b"".join(bytes([2, fact, what, how]) for fact in range(72) for what, how in ((0, 3), (1, 0), (2, 0), (3, 200), (0, 0), (0, 1)))
    words = b"".join(bytes([3, word, 0, how]) for word in range(14) for how in range(8))
    parts = {f"facts-{at // 256}": facts[at:at + 256] for at in range(0, len(facts), 256)} | {f"words-{at // 256}": words[at:at + 256] for at in range(0, len(words), 256)}
    whole = {**{f"{name}-{what}": bytes([how]) + edits for name, how in kinds.items() for what, edits in parts.items()},
             **{f"{name}-forged": bytes([how | 0x80]) for name, how in kinds.items()}}
    return {**whole, **{f"bytes-{at}": bytes([0x42, at >> 8, at & 255, 1]) for at in range(0, 300, 37)}}


def rows():
    """Which row, how far the handoff has come, and one byte of it changed, as fuzz_rows.c reads them."""
    whole = {f"row-{which}-{stop}": bytes([which, stop]) for which in range(5) for stop in range(6)}
    changed = {f"row-{which}-{at}": bytes([which, 3, at >> 8, at & 255, 1]) for which in range(5) for at in (0, 4, 5, 9, 40, 140, 600)}
    return {**whole, **changed, "cut": bytes([1, 3, 7]), "zeros": bytes([5, 0]) + bytes(200), "empty": bytes([5, 0])}


def requests():
    """Requests to the API, as fuzz_api.c reads them: who asks, the first line, headers, a body."""
    reads = ("/", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json",
             *("/api/v1/" + path for path in (
                 "controller", "session", "logins?limit=2", "tenants", "tenants?cursor=$O", "tenants/$T", "tenants/$T/policy", "tenants/$O",
                 "tenants/$T/verification-policy", "tenants/$T/assessment?old=$0&new=$1", "agents?tenant=$T", "tenants/$T/agents",
                 "tenants/$T/agents/$0", "tenants/$T/agents/$1/statement", "cutovers", "approvals", "trust", "operators", "audit?limit=3&cursor=2",
                 "audit/export", "audit/export?tenant=$T", "events?after=0", "events?tenant=$O&after=1",
                 *(f"cutovers/$C{what}" for what in ("", "/explain", "/task", "/plan", "/verification-policy", "/verification", "/evidence",
                                                     "/approvals?limit=1", "/findings", "/certificate", "/certificate.html")))))
    guid = "11111111-2222-4333-8444-555555555555"
    changes = {
        "tenant": f'A POST /api/v1/tenants\n\n{{"id":"{guid}","name":"new","lab":true,"policy":{{"evidence_fresh_ms":5000}}}}',
        "tenant-policy": 'A PATCH /api/v1/tenants/$T/policy\n\n{"policy":{"evidence_fresh_ms":60000,"beat_stale_ms":1}}',
        "limits": 'A PUT /api/v1/tenants/$O/verification-policy\n\n{"bytes":"' + b"preset: parity\n".hex() + '"}',
        "limits-gone": "A DELETE /api/v1/tenants/$O/verification-policy",
        "window": 'O PUT /api/v1/tenants/$T/window\n\n{"from_unix_ms":4000000000000,"until_unix_ms":4000003600000}',
        "window-gone": "A DELETE /api/v1/tenants/$T/window",
        "login": 'A POST /api/v1/logins\n\n{"operator":"$I","name":"x","roles":"view,audit","tenant":"$T"}',
        "login-gone": "A DELETE /api/v1/logins/$I\x1eO GET /api/v1/session",
        "token": 'O POST /api/v1/tenants/$T/agents/token\nIdempotency-Key: k\n\n{"role":"old","host":"H","ttl_ms":60000}',
        "confirm": 'O POST /api/v1/tenants/$T/agents/$1/confirm$K\n\n{"signature":"$S"}',
        "revoke": 'O POST /api/v1/tenants/$T/agents/$0/revoke\n\n{"reason":"gone"}\x1eV GET /api/v1/agents\x1eV GET /api/v1/cutovers/$C/explain',
        "cutover": 'L POST /api/v1/tenants/$O/cutovers\n\n{"old":"$0","new":"$1","profile":"parallel","reason":"r"}',
        "cutover-second": 'O POST /api/v1/tenants/$T/cutovers\n\n{"old":"$0","new":"$1"}',
        "approval": 'O POST /api/v1/cutovers/$C/approvals\n\n{"bytes":"$p","signature":"$S"}\x1eV GET /api/v1/cutovers/$C/approvals\x1eV GET /api/v1/cutovers/$C',
        "approval-go": 'O POST /api/v1/cutovers/$C/approvals\n\n{"bytes":"$g","signature":"$S"}',
        "approval-changed": 'O POST /api/v1/cutovers/$C/approvals\n\n{"bytes":"$p@0102@5403","signature":"$S"}',
        "approval-forged": 'O POST /api/v1/cutovers/$C/approvals\n\n{"bytes":"$p","signature":"' + "00" * 64 + '"}',
        "disposition": 'O POST /api/v1/cutovers/$C/dispositions\n\n{"bytes":"$D","signature":"$S"}',
        "rows": "O POST /api/v1/cutovers/$C/rows",
        "trust": 'A PUT /api/v1/trust\n\n{"bytes":"$R","signature":"$S"}\x1eV GET /api/v1/operators\x1eV GET /api/v1/trust',
        "trust-changed": 'A PUT /api/v1/trust\n\n{"bytes":"$R@2801","signature":"$S"}',
        **{f"verb-{verb}": f'O POST /api/v1/cutovers/$C/{verb}\nIf-Match: "$E"\n\n{{"reason":"OLD"}}\x1eV GET /api/v1/cutovers/$C/explain'
           for verb in ("plan", "hold", "abandon", "arm", "go", "rollback", "fence", "adopt", "attest", "accept", "dance")},
        "hold-resume": 'O POST /api/v1/cutovers/$C/hold\n\n{}\x1eO POST /api/v1/cutovers/$C/resume\n\n{}\x1eV GET /api/v1/cutovers/$C/task',
        "old-look": 'O POST /api/v1/cutovers/$C/hold\nIf-Match: "00"\n\n{}',
        "again": 'O POST /api/v1/cutovers/$C/hold\nIdempotency-Key: a\n\n{}\x1eO POST /api/v1/cutovers/$C/hold\nIdempotency-Key: a\n\n{}',
    }
    odd = {
        "nobody": "- GET /api/v1/tenants", "limited": "L GET /api/v1/tenants\x1eL GET /api/v1/audit\x1eL GET /api/v1/cutovers/$C\x1eL GET /api/v1/tenants/$T\x1eL GET /api/v1/agents\x1eL GET /api/v1/approvals",
        "limited-writes": "L DELETE /api/v1/tenants/$T/window\x1eL POST /api/v1/cutovers/$C/hold\n\n{}",
        "viewer-writes": 'V POST /api/v1/cutovers/$C/hold\n\n{}', "guess": "- GET /api/v1/session\nAuthorization: Bearer baton-" + "0" * 64,
        "two-hosts": "A GET /healthz\nHost: a\nHost: b", "chunked": "A POST /api/v1/tenants\nTransfer-Encoding: chunked\n\nx",
        "two-lengths": "A POST /api/v1/tenants\nContent-Length: 1\nContent-Length: 2\n\nxx", "long": "A POST /api/v1/tenants\nContent-Length: 99999\n\n{}",
        "escapes": "A GET /api/v1/tenants/%2e%2e/%00?limit=%31&cursor=%", "twice": 'A POST /api/v1/tenants\n\n{"id":"x","id":"y"}',
        "deep": "A POST /api/v1/tenants\n\n" + "[" * 3000, "no-object": "A POST /api/v1/tenants\n\n[]", "nul": 'A POST /api/v1/tenants\n\n{"name":"a\\u0000b"}',
        "method": "A BREW /api/v1/tenants", "head": "A HEAD /api/v1/tenants", "delete": "A DELETE /api/v1/tenants", "query": "A GET /api/v1/tenants?x=1&limit=-1",
        "last-event": "V GET /api/v1/events\nLast-Event-ID: 3", "header": "A GET /healthz\nX y: z", "cut": "A GET",
    }
    texts = {**{f"read-{n:02}": f"V GET {path}" for n, path in enumerate(reads)}, **changes, **odd}
    return {name: text.encode() for name, text in texts.items()}


def vectors():
    """The documents' own examples of every record."""
    lines = (line.split() for line in (ROOT / "docs/vectors.txt").read_text().splitlines() if line.startswith("record "))
    return {name: bytes.fromhex(data) for _, name, _, data in lines}


def orders(w, records):
    zero16, zero32, none = bytes(16), bytes(32), None
    whole = (zero16[:-1] + b"o", b"t" * 16, w.body_of(7, b"i" * 16), b"r" * 32, b"n" * 16, 1, 0, 0, 0)
    signed = w.body_of(records["approval"], bytes(64))
    rest = w.bytes_of(16, b"b" * 32) + w.bytes_of(17, b"f" * 32) + w.number(18, 9)
    out = {f"verb-{verb}": w.body_of(verb, *whole, records["plan"] if verb == 2 else none) + rest for verb in range(1, 9)}
    out["whole"] = (w.body_of(4, *whole, records["plan"], w.body_of(records["trust"], bytes(64))) + w.bytes_of(13, signed) * 2
                    + w.bytes_of(14, w.body_of(records["statement"], bytes(64))) + rest)
    out["twice"], out["cut"] = out["verb-1"] * 2, out["whole"][:-1]
    return out


def frames(w, records):
    """One of each type, as whoever has 32 times 's' as a key would sign it; nobody looks at the signature."""
    sender, zero = b"s" * 32, bytes(32)
    env = w.envelope(bytes(16), 1, sender, b"r" * 32, b"t" * 16)
    machine, signed = w.body_of(*[b"m" * 16] * 4), w.body_of(records["statement"], bytes(64))
    rest = {"enrol": (sender, zero, zero, "H", 1, "1", zero, zero, machine), "enrolled": (1, zero),
            "hello": (b"n" * 16, 1, "1", zero, zero, 1, zero, machine, 1, zero), "welcome": (b"s" * 16, b"n" * 16, 0, w.body_of(records["trust"], bytes(64)), 100),
            "beat": (), "order": (orders(w, records)["whole"],), "answer": (b"o" * 16, zero, signed), "say": (signed,),
            "report": (records["facts"], 1), "receipt": (1, zero, 1, bytes(64)), "chunk": (zero, 0, 2, b"ab"), "want": (zero, 0),
            "refused": (1, bytes(16), "no"), "heard": (zero,), "findings": (b"BFL1" + bytes(6),)}
    made = {kind: w.body_of(env, *values) for kind, values in rest.items()}
    return {kind: w.header(w.TYPES.index(kind), sender, len(body)) + bytes(64) + body for kind, body in made.items()}


def protocol():
    sys.path.insert(0, str(ROOT / "tests/adversary"))
    import wire as w
    records = vectors()
    raw = b"\1" + w.text("tcp://127.0.0.1:7400") + b"s" * 32 + b"c" * 96 + b"t" * 16 + b"o\1" + w.text("OLD01") + bytes(8)
    token = b"baton1-" + base64.urlsafe_b64encode(raw + struct.pack(">I", zlib.crc32(raw))).rstrip(b"=")
    return {"frame": frames(w, records), "order": orders(w, records), "record": records,
            "token": {"one": token, "spaces": b" " + token + b"\r\n", "cut": token[:-1], "other": b"baton2-" + token[7:]}}


def corpora(lab):
    some = exports(lab)
    packed = {"plain": b"not packed at all", "gzip": gzip.compress(b"x" * 5000, mtime=0), "gzip-twice": gzip.compress(b"a", mtime=0) * 2,
              "gzip-cut": gzip.compress(bytes(range(256)), mtime=0)[:-5], "gzip-tail": gzip.compress(b"a", mtime=0) + b"tail",
              "zstd": zstd(b"y" * 5000), "zstd-twice": zstd(b"a") * 2, "zstd-cut": zstd(bytes(range(256)))[:-5], "short": b"\x1f"}
    return {"xml": XML, "csexport": some, "config_xml": CONFIG, "config_digest": CONFIG, "dn": {k: v.encode() for k, v in DNS.items()},
            "config_settings": {"policy": json.dumps(POLICY).encode(), "mark16": utf16(json.dumps(POLICY)), "list": b"[]", "empty": b"{}",
                                "migrated": json.dumps(MIGRATED).encode()},
            "psjson": POWERSHELL, "listing": LISTING, "trace_log": TRACES, "run_history": POWERSHELL | RUNS, "limits": {**YAML, **{p.stem: p.read_bytes() for p in (ROOT / "deploy/policies").glob("*.yaml")}}, "utf": UTF, "packed": packed,
            "prereq": OBSERVED,
            "prereq_data": {"one": json.dumps({"title": "t", "checked": "2026-01-02", "checks": [CHECK]}).encode(), "empty": b"{}",
                            "cut": b"{\"title\":", **{p.stem: p.read_bytes() for p in (ROOT / "deploy/prerequisites").glob("*.json")}},
            "config_packed": {"whole": pack({"Connectors/a.xml": CONFIG["connector"], "GlobalSettings/MV.xml": CONFIG["settings"],
                                             "SynchronizationRules/r.xml": CONFIG["rule"]}), "fim": pack({"MA.XML": CONFIG["fim"]}),
                              "no-connector": pack({"GlobalSettings/MV.xml": CONFIG["settings"]}), "cut": pack({"a.xml": CONFIG["cloud"]})[:-9]},
            "config_pack": {"two": pack({"Connectors/a.xml": b"<a/>", "MV.xml": b""}), "none": pack({}), "outside": pack({"../x": b"y"}),
                            "cut": pack({"a": b"bcd"})[:-2], "order": b"BCP1" + (pack({"b": b""})[4:] + pack({"a": b""})[4:])},
            "disposition_file": dispositions(), "object_rows": object_rows(),
            "member": member_lives(), "tenant": tenant_stories(), "proof": proofs(), "bundle": bundles(), "database": databases(), "settings": INI, "setup": SETUPS,
            "zap": questions(), "command": command_lines(), "api": requests(), "evidence": evidences(), "rows": rows(), **protocol()}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, files in corpora(sys.argv[1]).items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("found-"):
                old.unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
