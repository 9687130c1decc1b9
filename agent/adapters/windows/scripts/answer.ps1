# answer.ps1, version 1. What every question uses: the product's module, values as JSON can carry them,
# and the frame that an answer travels in.

$BatonCulture = [Globalization.CultureInfo]::InvariantCulture
$BatonModuleLoaded = $false

# By its path as the product registered it, so that no other folder of the module path can come first.
function Import-BatonModule {
    if ($script:BatonModuleLoaded) {
        return
    }
    $name = 'ADSync'
    $key = 'HKLM:\SOFTWARE\Microsoft\AD Sync'
    $location = Get-BatonRegistryValue -Path $key -Name 'Location'
    if ($null -ne $location) {
        $path = Join-Path -Path $location -ChildPath 'Bin\ADSync\ADSync.psd1'
        if (Test-Path -LiteralPath $path) {
            $name = $path
        }
    }
    Import-Module -Name $name
    $script:BatonModuleLoaded = $true
}

# $null when the key or the value is not there.
function Get-BatonRegistryValue {
    param(
        [string] $Path,
        [string] $Name
    )

    if (-not (Test-Path -LiteralPath $Path)) {
        return $null
    }
    $key = Get-ItemProperty -LiteralPath $Path
    return Get-BatonValue -Object $key -Name $Name
}

# $null when this build's object has no such property.
function Get-BatonValue {
    param(
        $Object,
        [string] $Name
    )

    if ($null -eq $Object) {
        return $null
    }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) {
        return $null
    }
    return $property.Value
}

# The engine keeps UTC; only a time that says it is local is converted.
function Format-BatonUtc {
    param(
        [DateTime] $Time
    )

    if ($Time.Year -lt 1970) {
        return $null
    }
    $utc = $Time
    if ($Time.Kind -eq [DateTimeKind]::Local) {
        $utc = $Time.ToUniversalTime()
    }
    return $utc.ToString('yyyy-MM-ddTHH:mm:ss.fffZ', $BatonCulture)
}

# A date as UTC text, a span as "00:30:00", numbers and booleans as themselves, all else as its text.
function Format-BatonValue {
    param(
        $Value
    )

    if ($null -eq $Value) {
        return $null
    }
    if ($Value -is [DateTime]) {
        return Format-BatonUtc -Time $Value
    }
    if ($Value -is [bool]) {
        return $Value
    }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32] -or $Value -is [byte]) {
        return $Value
    }
    return $Value.ToString()
}

# The named properties of an object, those that this build has not left out.
function Select-BatonProperties {
    param(
        $Object,
        [string[]] $Names
    )

    $record = [ordered] @{}
    foreach ($name in $Names) {
        if ($null -ne $Object.PSObject.Properties[$name]) {
            $record[$name] = Format-BatonValue -Value $Object.PSObject.Properties[$name].Value
        }
    }
    return $record
}

# Nothing is an empty text, one object is itself, more are an array.
function ConvertTo-BatonJson {
    param(
        [object[]] $Answer
    )

    if ($null -eq $Answer -or $Answer.Count -eq 0) {
        return '""'
    }
    if ($Answer.Count -eq 1) {
        return ConvertTo-Json -InputObject $Answer[0] -Depth 5 -Compress
    }
    return ConvertTo-Json -InputObject $Answer -Depth 5 -Compress
}

function ConvertTo-BatonError {
    param(
        $Record
    )

    $command = ''
    $line = 0
    if ($null -ne $Record.InvocationInfo) {
        $line = $Record.InvocationInfo.ScriptLineNumber
        if ($null -ne $Record.InvocationInfo.MyCommand) {
            $command = $Record.InvocationInfo.MyCommand.Name
        }
    }
    $message = [string] $Record.Exception.Message
    if ($message.Length -gt 2000) {
        $message = $message.Substring(0, 2000)
    }
    return [ordered] @{
        'message' = $message
        'id' = [string] $Record.FullyQualifiedErrorId
        'category' = $Record.CategoryInfo.Category.ToString()
        'command' = [string] $command
        'type' = $Record.Exception.GetType().FullName
        'line' = [int] $line
    }
}

# Straight into the stream: the console's code page has no say.
function Write-BatonFrame {
    param(
        [string] $Kind,
        [int] $Number,
        [string] $Text
    )

    $body = [Text.Encoding]::UTF8.GetBytes($Text)
    $head = [Text.Encoding]::ASCII.GetBytes("`n$Kind $Number $($body.Length)`n")
    $end = [Text.Encoding]::ASCII.GetBytes("`n")
    $stream = [Console]::OpenStandardOutput()
    $stream.Write($head, 0, $head.Length)
    $stream.Write($body, 0, $body.Length)
    $stream.Write($end, 0, $end.Length)
    $stream.Flush()
}
