# connectors.ps1, version 1. Which connectors there are; not what they are configured with.

# The connector to Entra has this identifier on every server, whatever it is called.
$BatonEntraConnector = 'b891884f-051e-4a83-95af-2544101c9083'

function Get-BatonConnectors {
    Import-BatonModule
    $names = @(
        'Name',
        'Identifier',
        'Type',
        'SubType',
        'LastModificationTime'
    )
    foreach ($connector in (Get-ADSyncConnector)) {
        Select-BatonProperties -Object $connector -Names $names
    }
}
