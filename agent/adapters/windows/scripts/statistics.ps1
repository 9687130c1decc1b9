# statistics.ps1, version 1. What waits in the connector to Entra.

function Get-BatonStatistics {
    Import-BatonModule
    $entra = $null
    foreach ($connector in (Get-ADSyncConnector)) {
        if ($connector.Identifier.ToString() -eq $BatonEntraConnector) {
            $entra = $connector
        }
    }
    if ($null -eq $entra) {
        throw 'This server has no connector to Entra yet.'
    }
    $names = @(
        'ExportAdds',
        'ExportUpdates',
        'ExportDeletes',
        'ImportAdds',
        'ImportUpdates',
        'ImportDeletes',
        'ImportNoChange',
        'TotalConnectors'
    )
    $statistics = Get-ADSyncConnectorStatistics -ConnectorName $entra.Name
    return Select-BatonProperties -Object $statistics -Names $names
}
