# host.ps1, version 1. Reads one question a line, "number word", and writes one frame for each:
#
#   BATON-ANSWER number bytes       or       BATON-ERROR number bytes
#   that many bytes of UTF-8 JSON
#
# It ends with its input. Words that are not in the list are refused. Nothing that is read becomes a
# command, a path or a part of one.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

. "$PSScriptRoot\answer.ps1"
. "$PSScriptRoot\scheduler.ps1"
. "$PSScriptRoot\global.ps1"
. "$PSScriptRoot\connectors.ps1"
. "$PSScriptRoot\run-status.ps1"
. "$PSScriptRoot\runs.ps1"
. "$PSScriptRoot\statistics.ps1"
. "$PSScriptRoot\auto-upgrade.ps1"
. "$PSScriptRoot\configuration.ps1"
. "$PSScriptRoot\prerequisites.ps1"
. "$PSScriptRoot\census.ps1"
. "$PSScriptRoot\admin-actions.ps1"

function Get-BatonAnswer {
    param(
        [string] $Word
    )

    switch -CaseSensitive ($Word) {
        'scheduler' {
            Get-BatonScheduler
        }
        'global' {
            Get-BatonGlobal
        }
        'connectors' {
            Get-BatonConnectors
        }
        'run-status' {
            Get-BatonRunStatus
        }
        'runs' {
            Get-BatonRuns
        }
        'statistics' {
            Get-BatonStatistics
        }
        'auto-upgrade' {
            Get-BatonAutoUpgrade
        }
        'configuration' {
            Get-BatonConfiguration
        }
        'prerequisites' {
            Get-BatonPrerequisites
        }
        'admin-actions' {
            Get-BatonAdminActions
        }
        default {
            throw 'There is no such question.'
        }
    }
}

$input_lines = [Console]::In
while ($true) {
    $line = $input_lines.ReadLine()
    if ($null -eq $line) {
        break
    }
    $part = $line.Split(' ')
    $number = [int] $part[0]
    try {
        $answer = @(Get-BatonAnswer -Word $part[1])
        Write-BatonFrame -Kind 'BATON-ANSWER' -Number $number -Text (ConvertTo-BatonJson -Answer $answer)
    }
    catch {
        $record = ConvertTo-BatonError -Record $_
        Write-BatonFrame -Kind 'BATON-ERROR' -Number $number -Text (ConvertTo-Json -InputObject $record -Compress)
    }
}
