# run-status.ps1, version 1. The connectors that are at work; nothing when none is.

function Get-BatonRunStatus {
    Import-BatonModule
    $names = @(
        'RunState',
        'ConnectorName'
    )
    foreach ($status in (Get-ADSyncConnectorRunStatus)) {
        Select-BatonProperties -Object $status -Names $names
    }
}
