# scheduler.ps1, version 1. Every property of the scheduler; nothing here changes one.

function Get-BatonScheduler {
    Import-BatonModule
    $scheduler = Get-ADSyncScheduler
    $record = [ordered] @{}
    foreach ($property in $scheduler.PSObject.Properties) {
        $record[$property.Name] = Format-BatonValue -Value $property.Value
    }
    return $record
}
