// Reads the agent's PowerShell scripts and says what in them is not allowed.
//
//   lint_scripts.mjs FOLDER        every *.ps1 of that folder
//   lint_scripts.mjs --self-test   every rule fires on what it is there for, and on nothing else
//
// A parser that is not PowerShell's own says whether brackets and quotes close; that a script is right it cannot
// say. What the rules hold is what the scripts can do at all: only cmdlets, types and methods that are listed here,
// which read and change nothing, and no command whose name is made at run time.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const modules = process.env.BATON_LINT_MODULES ?? 'node_modules';
const require = createRequire(join(modules, 'x.js'));
const { Parser, Language } = require('web-tree-sitter');

const COMMANDS = new Set([
    // the product's, none of which changes anything
    'Get-ADSyncScheduler', 'Get-ADSyncGlobalSettings', 'Get-ADSyncConnector', 'Get-ADSyncConnectorRunStatus',
    'Get-ADSyncRunProfileResult', 'Get-ADSyncConnectorStatistics', 'Get-ADSyncAutoUpgrade', 'Get-ADSyncServerConfiguration',
    // the system's
    'ConvertTo-Json', 'Get-CimInstance', 'Get-Content', 'Get-ExecutionPolicy', 'Get-ItemProperty', 'Get-WinEvent',
    'Import-Module', 'Join-Path', 'Set-StrictMode', 'Sort-Object', 'Split-Path', 'Test-Path',
].map((name) => name.toLowerCase()));
const TYPES = new Set([
    'adsi', 'adsisearcher', 'bool', 'byte', 'Console', 'DateTime', 'DateTimeKind', 'Globalization.CultureInfo', 'int', 'long', 'Math',
    'object[]', 'ordered', 'string', 'string[]', 'Text.Encoding', 'uint32', 'xml',
].map((name) => name.toLowerCase()));
const METHODS = new Set([
    'ContainsKey', 'FindAll', 'Floor', 'Flush', 'GetAttribute', 'GetBytes', 'GetType', 'OpenStandardOutput', 'ReadLine',
    'SelectSingleNode', 'Split', 'Substring', 'ToString', 'ToUniversalTime', 'Write',
].map((name) => name.toLowerCase()));
const SCOPES = new Set(['$env:windir', '$script:batonmoduleloaded']);

function* walk(node) {
    yield node;
    for (const child of node.children)
        yield* walk(child);
}

const child = (node, type) => node.children.find((c) => c.type === type);
const oneLine = (node) => node.startPosition.row === node.endPosition.row;

// Whether a string names a script of this folder beside the one that it stands in.
const besides = (text, script) => {
    const named = /^"\$PSScriptRoot\\([a-z-]+\.ps1)"$/.exec(text);
    return named !== null && script.siblings.has(named[1]);
};

// Of every node, what is wrong with it; a rule is a name and what it looks at.
const RULES = {
    syntax: (node) => (node.isError || node.isMissing) && 'this cannot be parsed',
    command(node, script) {
        const name = node.type === 'command' && child(node, 'command_name')?.text;
        return name && !COMMANDS.has(name.toLowerCase()) && !script.functions.has(name.toLowerCase()) &&
            `${name} is not among the cmdlets that a script may call`;
    },
    'computed-command'(node, script) {
        const expression = node.type === 'command' && child(node, 'command_name_expr');
        if (!expression)
            return false;
        const dotted = child(node, 'command_invokation_operator')?.text === '.';
        return !(dotted && besides(expression.text, script)) && 'the name of what is called is not written here';
    },
    block: (node) => node.type === 'script_block_expression' && 'a block of code as a value',
    type(node) {
        const name = node.type === 'type_literal' && node.text.replace(/^\[|\]$/g, '').trim();
        return name && !TYPES.has(name.toLowerCase()) && `the type ${name} is not among those that a script may use`;
    },
    method(node) {
        if (node.type !== 'invokation_expression')
            return false;
        const name = node.children.filter((c) => c.type === 'member_name').at(-1)?.text ?? node.text;
        return !METHODS.has(name.toLowerCase()) && `the method ${name} is not among those that a script may call`;
    },
    'property-set'(node) {
        const left = node.type === 'assignment_expression' && child(node, 'left_assignment_expression');
        return left && /[\w)\]]\.\w+$|::/.test(left.text) && 'a property of an object is set';
    },
    redirection: (node) => node.type === 'redirection' && 'output goes to a file',
    scope(node) {
        const text = node.type === 'variable' && node.text.toLowerCase();
        return text && text.includes(':') && !SCOPES.has(text) && `${node.text} is not a variable of the script's own`;
    },
    export: (node) => /string_literal$|^generic_token$/.test(node.type) && /^['"]?export['"]?$/i.test(node.text.trim()) &&
        'the name of the one profile that no code of ours runs',
    style(node) {
        const bodies = ['statement_block', 'switch_body', 'param_block', 'function_statement'];
        if (bodies.includes(node.type) && oneLine(node))
            return 'a body on one line, which the parser misreads';
        if (node.type === 'function_statement' && !/^\w+-Baton\w+$/.test(child(node, 'function_name')?.text ?? ''))
            return 'a function that is not called Verb-BatonNoun';
        return node.type === ';' && 'two statements on one line';
    },
};

// Of a whole text, line by line.
const LINE_RULES = {
    ascii: (line) => /[^\x20-\x7e]/.test(line) && 'a character outside of ASCII, or a tab',
    'cycle-switch': (line) => /SyncCycleEnabled/i.test(line) && 'the switch that all servers of a tenant share',
    evaluation: (line) => /invoke-|\biex\b|add-type|new-object|encodedcommand|frombase64/i.test(line) && 'code made at run time',
    length: (line) => line.length > 140 && 'a line of more than 140 characters',
};

function lint(parser, script) {
    const found = [];
    const add = (row, rule, what) => what && found.push({ row, rule, what });
    const tree = parser.parse(script.text);
    for (const node of walk(tree.rootNode))
        for (const [rule, judge] of Object.entries(RULES))
            add(node.startPosition.row + 1, rule, judge(node, script));
    script.text.split('\n').forEach((line, row) => {
        for (const [rule, judge] of Object.entries(LINE_RULES))
            add(row + 1, rule, judge(line));
    });
    if (!script.text.startsWith(`# ${script.name}, version `))
        add(1, 'version', 'the first line does not say the name and the version');
    return found;
}

function functionsOf(parser, text) {
    const names = [...walk(parser.parse(text).rootNode)].filter((n) => n.type === 'function_name');
    return names.map((n) => n.text.toLowerCase());
}

function lintFolder(parser, folder) {
    const names = readdirSync(folder).filter((name) => name.endsWith('.ps1'));
    const texts = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    const functions = new Set([...texts.values()].flatMap((text) => functionsOf(parser, text)));
    let count = 0;
    for (const [name, text] of texts)
        for (const one of lint(parser, { name, text, functions, siblings: new Set(names) })) {
            console.log(`${name}:${one.row}: ${one.rule}: ${one.what}`);
            count++;
        }
    console.log(`${names.length} scripts, ${count} findings`);
    return names.length > 0 && count === 0;
}

// What each rule is there for, and what it must let pass.
const BAD = {
    syntax: ['if ($true) {\n    "a"\n', '$x = "open\n'],
    command: ['Set-ADSyncScheduler -Force', 'Start-ADSyncSyncCycle -PolicyType Delta', 'Get-Process | Stop-Service -Name ADSync',
        'Get-ADSyncScheduler | Out-File c:\\x', 'foreach ($a in (Remove-Item -Path x)) {\n    $a\n}', 'csexport.exe a b', 'iisreset'],
    'computed-command': ['& $name', '& "Get-$x"', '. $path', '. "$PSScriptRoot\\other.ps1"', '& "$PSScriptRoot\\answer.ps1"', '. "C:\\answer.ps1"'],
    block: ['$x = {\n    Get-ADSyncScheduler\n}', 'Sort-Object -Property {\n    $_\n}'],
    type: ['[IO.File]::Open', '[Diagnostics.Process] $x', '$y = [System.Net.WebClient] $z', '[DirectoryServices.DirectoryEntry] $x'],
    method: ['$x.Delete()', '$x.Invoke($y)', '[Console]::SetOut($x)', '$a.ReadLine().Start()', '$entry.CommitChanges()', '$forest.Children.Add($x)'],
    'property-set': ['$settings.Value = 1', '$a[0].Value = 1', '$x.b.c = 2', '[Console]::OutputEncoding = $x'],
    redirection: ['"a" > c:\\x', 'Get-ADSyncScheduler 2>> x.txt'],
    scope: ['$env:PATH = "x"', '$global:x = 1', '$y = ${function:prompt}'],
    export: ["$x = 'Export'", 'Sort-Object -Property Export', '$y = "export"'],
    style: ['if ($a) { $b }', 'function Get-BatonX { $a }', 'function Get-X {\n    $a\n}', '$a = 1; $b = 2'],
    ascii: ['$x = "\u00e9"', '\t$x = 1'],
    'cycle-switch': ['# SyncCycleEnabled', '$y = $x.synccycleenabled'],
    evaluation: ['Invoke-Expression $x', 'iex $x', 'Add-Type -Path x', 'New-Object Net.WebClient'],
    length: [`# ${'x'.repeat(150)}`],
    version: [''],
};
const GOOD = `# test.ps1, version 1. What is allowed.
Set-StrictMode -Version 2.0
. "$PSScriptRoot\\answer.ps1"

function Get-BatonTest {
    param(
        [string] $Name
    )

    $record = [ordered] @{}
    foreach ($one in (Get-ADSyncConnector)) {
        $record[$one.Name] = $one.Identifier.ToString()
    }
    $record['ExportAdds'] = Get-BatonTest -Name 'x'
    return $record
}
`;

function selfTest(parser) {
    let failures = 0;
    const complain = (what) => {
        console.log(what);
        failures++;
    };
    const judge = (text) => lint(parser, { name: 'test.ps1', text, functions: new Set(['get-batontest']), siblings: new Set(['answer.ps1', 'test.ps1']) });
    for (const rule of [...Object.keys(RULES), ...Object.keys(LINE_RULES), 'version'])
        if (!(rule in BAD))
            complain(`the rule ${rule} has no example`);
    for (const [rule, examples] of Object.entries(BAD))
        for (const example of examples) {
            const text = rule === 'version' ? `${example}\n` : `# test.ps1, version 1.\n${example}\n`;
            if (!judge(text).some((found) => found.rule === rule))
                complain(`${rule} does not fire on: ${example}`);
        }
    for (const found of judge(GOOD))
        complain(`${found.rule} fires on line ${found.row} of what is allowed: ${found.what}`);
    console.log(`${Object.values(BAD).flat().length} examples of ${Object.keys(BAD).length} rules, ${failures} failures`);
    return failures === 0;
}

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(modules, 'tree-sitter-powershell/tree-sitter-powershell.wasm')));
const [what] = process.argv.slice(2);
if (what === undefined) {
    console.error(`usage: ${basename(process.argv[1])} FOLDER | --self-test`);
    process.exit(2);
}
process.exit((what === '--self-test' ? selfTest(parser) : lintFolder(parser, what)) ? 0 : 1);
